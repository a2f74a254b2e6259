"""Goals against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from framework.errors import UserError
from framework.sim import Streams
from framework.sim.rotations import angle, conjugate, matrix, product, turn
from framework_dex_hand.goals import Goals, faces, uniform_angles
from framework_dex_hand.model import build, octagon

N = 4000
IDS = np.zeros(N, np.intp)  # all from one stream


def draw(thing, kind, turned, least=0.0, most=np.pi):
    streams = Streams(1)
    streams.reseed(0)
    return Goals(thing, kind).draw(streams, IDS, np.broadcast_to(turned, (N, 4)), least, most)


@pytest.mark.parametrize(("thing", "count"), [("block", 6), ("prism", 10)])
def test_faces_are_those_of_the_body_and_each_is_up_once(thing, count):
    up = matrix(conjugate(faces(thing)))[..., 2]  # the body's direction that points up
    assert len(up) == count
    assert len(np.unique(up.round(9), axis=0)) == count
    flat = (up @ octagon().T).max(axis=1) if thing == "prism" else np.abs(up).max(axis=1)
    # A face is as far from the centre as four corners, or all eight of an octagon, say.
    corners = np.isclose(up @ octagon().T, flat[:, None]).sum(axis=1) if thing == "prism" else None
    assert corners is None or sorted(corners) == [4] * 8 + [8, 8]
    np.testing.assert_allclose(np.linalg.norm(up, axis=1), 1)


def test_goals_about_the_vertical_leave_the_tilt_out():
    tilted = product(
        turn(np.array([2.0]), np.array([[0.0, 0, 1]])), turn(np.array([0.3]), np.array([[1.0, 1, 0]]))
    )
    goals = draw("block", "z", tilted, 0.5, 1.0)
    assert not goals[:, 1:3].any()
    level = turn(np.array([2.0]), np.array([[0.0, 0, 1]]))
    turned = angle(goals, level, shortest=True)
    assert turned.min() >= 0.5 - 1e-9
    assert turned.max() <= 1.0 + 1e-9
    np.testing.assert_allclose(turned.mean(), 0.75, atol=0.02)


def test_parallel_goals_have_every_face_up_and_no_tilt():
    goals = draw("block", "parallel", np.array([1.0, 0, 0, 0]))
    up = matrix(goals)[:, 2]  # how much of each of the body's axes points up
    np.testing.assert_allclose(np.sort(np.abs(up), axis=1), np.tile([0.0, 0, 1], (N, 1)), atol=1e-9)
    shares = np.unique(up.round(), axis=0, return_counts=True)[1] / N
    assert len(shares) == 6
    np.testing.assert_allclose(shares, 1 / 6, atol=0.03)


def test_full_goals_are_uniform_over_rotations():
    matrices = matrix(draw("block", "full", turn(np.array([1.0]), np.array([[1.0, 2, 3]]))))
    # The mean of a uniform rotation is 0, and each squared entry's is 1/3.
    np.testing.assert_allclose(matrices.mean(axis=0), 0, atol=0.04)
    np.testing.assert_allclose((matrices**2).mean(axis=0), 1 / 3, atol=0.03)


def test_angles_of_uniform_rotations():
    unit = (np.arange(1000) + 0.5) / 1000
    np.testing.assert_allclose(uniform_angles(unit, 0, np.pi).mean(), np.pi / 2 + 2 / np.pi, atol=1e-3)
    part = uniform_angles(unit, 1.0, 2.0)
    np.testing.assert_allclose(
        (part - np.sin(part) - 1 + np.sin(1)) / (1 - np.sin(2) + np.sin(1)), unit, atol=1e-5
    )


def test_a_sphere_has_no_faces():
    with pytest.raises(UserError, match="a sphere has no faces"):
        Goals("sphere", "parallel")


@pytest.mark.parametrize(
    ("thing", "volume"),
    [
        ("block", 0.05**3),
        ("prism", 8 * (2**0.5 - 1) * 0.02**2 * 0.06),
        ("sphere", 4 / 3 * np.pi * 0.025**3),
    ],
)
def test_objects_are_as_heavy_as_geometry_says(thing, volume):
    model = build(thing, 0.008)
    assert model.body("object").mass[0] == pytest.approx(567 * volume, rel=1e-5)
    assert (model.nv, model.nu) == (30, 20)
