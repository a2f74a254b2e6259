"""The cube as a group, against kociemba's own cubies, which know no rotations in space."""

from __future__ import annotations

import numpy as np
import pytest

from framework.sim import Streams
from framework_adr.cube import group
from framework_adr.cube.solver import quarter_turns, solution

oracle = pytest.importorskip("kociemba.pykociemba.cubiecube")


def streams(count, seed=0):
    found = Streams(count)
    found.reseed(seed)
    return found


def played(state, moves):
    for face, quarters in moves:
        state = group.moved(state, np.array([face]), np.array([quarters]))
    return state


def letters(state):
    return ["".join(group.FACES[colour] for colour in one // 9) for one in group.facelets(state)]


def test_a_thousand_sequences_of_moves_end_where_the_oracle_does():
    random = np.random.default_rng(0)
    count, length = 1000, 25
    faces, quarters = random.integers(6, size=(length, count)), random.integers(1, 4, size=(length, count))
    state = group.solved(count)
    for face, quarter in zip(faces, quarters, strict=True):
        state = group.moved(state, face, quarter)
    ours = letters(state)
    for i in range(count):
        cubies = oracle.CubieCube()
        for face, quarter in zip(faces[:, i].tolist(), quarters[:, i].tolist(), strict=True):
            for _ in range(quarter):
                cubies.multiply(oracle.moveCube[face])
        assert ours[i] == cubies.toFaceCube().to_String()


def test_moves_are_a_group():
    once = group.scrambled(streams(8), np.arange(8), 20)
    faces = np.arange(8) % 6
    again = once
    for _ in range(4):
        again = group.moved(again, faces, np.ones(8, int))
    np.testing.assert_array_equal(again, once)
    np.testing.assert_array_equal(
        group.moved(group.moved(once, faces, 3 + 0 * faces), faces, faces * 0 + 1), once
    )
    np.testing.assert_array_equal(
        group.moved(once, faces, faces * 0 - 1), group.moved(once, faces, faces * 0 + 3)
    )
    # R U R' U' has order 6.
    commutator = [(1, 1), (0, 1), (1, 3), (0, 3)]
    orders = [i for i in range(1, 7) if group.is_solved(played(group.solved(1), commutator * i))[0]]
    assert orders == [6]


def test_the_way_to_the_solved_cube():
    state = group.scrambled(streams(12), np.arange(12), 25)
    assert not group.is_solved(state).any()
    for one in state:
        moves = solution(one)
        assert 0 < len(moves) <= 24
        assert group.is_solved(played(one[None], moves))[0]
        turns = quarter_turns(moves)
        assert {quarters for _, quarters in turns} <= {1, -1}
        np.testing.assert_array_equal(played(one[None], turns), played(one[None], moves))
    assert solution(group.solved(1)[0]) == []


@pytest.mark.parametrize("moves", [1, 7])
def test_scrambles_turn_no_face_twice_in_a_row(moves, monkeypatch):
    turned = []
    moved = group.moved

    def watched(state, face, quarters):
        turned.append(face.copy())
        assert set(quarters) <= {1, 2, 3}
        return moved(state, face, quarters)

    monkeypatch.setattr(group, "moved", watched)
    every = group.scrambled(streams(400), np.arange(400), moves)
    some = group.scrambled(streams(400), np.arange(3), moves)
    np.testing.assert_array_equal(every[:3], some)
    faces = np.array(turned[:moves])
    assert (faces[1:] != faces[:-1]).all()
    # All faces alike: 400 draws, each with probability 1/6.
    assert np.abs(np.bincount(faces[0], minlength=6) - 400 / 6).max() < 30
    assert np.abs(np.bincount(faces[-1], minlength=6) - 400 / 6).max() < 30
