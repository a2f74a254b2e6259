"""The cone, what hides, and the lidar, against geometry done by hand."""

from __future__ import annotations

import numpy as np
import pytest

from framework_hide_seek.game import Game

from .playing import look, new, number, put, scatter, turn_to


@pytest.fixture
def game() -> Game:
    return new(lock_ramps=True)


def sees(game: Game, viewer: str, what: str) -> bool:
    return bool(game.sees[0, number(game, viewer), number(game, what)])


@pytest.mark.parametrize(("degrees", "seen"), [(0, True), (65, True), (-65, True), (70, False), (180, False)])
def test_the_cone_is_of_135_degrees(game: Game, degrees: float, seen: bool) -> None:
    scatter(game)
    angle = np.radians(degrees)
    put(game, "seeker_0", 1.5, 1.5, turn_to(np.cos(angle), np.sin(angle)))
    put(game, "hider_0", 2.5, 1.5)
    observation = look(game)
    assert sees(game, "seeker_0", "hider_0") == seen
    # In the order of all others: two hiders come first.
    assert observation["agents_mask"][0, 2, 0] == seen


def test_nothing_hides_what_is_there(game: Game) -> None:
    scatter(game)
    put(game, "seeker_0", 0.5, 1.0, turn_to(1, 0))
    put(game, "hider_0", 2.5, 1.0, turn_to(1, 0))
    look(game)
    assert sees(game, "seeker_0", "hider_0")
    assert not sees(game, "hider_0", "seeker_0"), "it looks the other way"


@pytest.mark.parametrize("what", ["box0", "ramp0", "seeker_1"])
def test_bodies_hide(game: Game, what: str) -> None:
    scatter(game)
    put(game, "seeker_0", 0.5, 1.0, turn_to(1, 0))
    put(game, "hider_0", 2.5, 1.0)
    put(game, what, 1.5, 1.0, turn_to(-1, 0))
    observation = look(game)
    assert sees(game, "seeker_0", what)
    assert not sees(game, "seeker_0", "hider_0")
    np.testing.assert_allclose(observation["agents"][0, 2, 0, 0], 2.0, atol=0.01)  # true, but masked
    assert not observation["agents_mask"][0, 2, 0]


def test_walls_hide(game: Game) -> None:
    scatter(game)
    # Beside the west wall of the room, away from its doors.
    doors = game.tally.doors[0]
    y = 2.6 if not abs(doors[0, 1] - 2.6) < 0.5 else 0.4
    put(game, "seeker_0", 2.0, y, turn_to(1, 0))
    put(game, "hider_0", 4.0, y)
    look(game)
    assert not sees(game, "seeker_0", "hider_0")


def test_from_above_one_sees_over_a_low_wall(game: Game) -> None:
    scatter(game)
    doors = game.tally.doors[0]
    y = 2.6 if not abs(doors[0, 1] - 2.6) < 0.5 else 0.4
    put(game, "box0", 2.5, y)
    put(game, "box1", 3.6, y)
    put(game, "seeker_0", 2.5, y, turn_to(1, 0), z=0.65)
    put(game, "hider_0", 3.6, y, z=0.65)
    look(game)
    assert sees(game, "seeker_0", "hider_0")


def test_the_lidar_is_fixed_to_the_world_and_meets_walls(game: Game) -> None:
    scatter(game)
    for turn in (0.0, 1.0):
        put(game, "hider_0", 1.0, 1.5, turn)
        put(game, "box0", 1.0, 2.9)
        observation = look(game)
        lidar = observation["lidar"][0, 0]
        assert lidar.shape == (30,)
        np.testing.assert_allclose(lidar[15], 1.0, atol=0.02)  # the wall in the west, a high one
        # 12 degrees are a ray: 7.5 of them are north.
        oblique = np.radians(12 * 8)
        np.testing.assert_allclose(lidar[8], (2.9 - 0.25 - 1.5) / np.sin(oblique), atol=0.02)
        south = np.radians(12 * 7)
        np.testing.assert_allclose(lidar[23], 1.5 / np.sin(south), atol=0.02)


def test_the_lidar_meets_low_walls_and_ends_after_six_metres() -> None:
    game = new(layout="rooms", rooms=1, outer_walls=0.0)
    scatter(game)
    put(game, "hider_0", 1.0, 1.5)
    lidar = look(game)["lidar"][0, 0]
    assert (lidar[[0, 15, 23]] == 6.0).all()
    game = new()
    scatter(game)
    put(game, "hider_0", 4.5, 1.5)
    put(game, "box0", 5.5, 5.0)
    walls = game.walls[0, 4:6]  # the pieces of the room's west wall
    lidar = look(game)["lidar"][0, 0]
    closed = (np.abs(1.5 - walls[:, 1]) < walls[:, 4]).any()
    np.testing.assert_allclose(lidar[15], 1.45, atol=0.02) if closed else np.testing.assert_array_less(
        1.5, lidar[15]
    )


def test_who_does_not_play_sees_nothing_and_is_not_seen() -> None:
    game = new(8, layout="rooms", hiders=3, seekers=3, fewest_hiders=1, fewest_seekers=1, steps=5)
    active = np.zeros(6, bool)
    for _ in range(20):
        observation = look(game)
        playing = observation["active"].astype(bool)
        assert playing[:, [0, 3]].all()
        assert not game.sees[~playing].any()
        assert not game.sees.transpose(0, 2, 1)[:, :6][~playing].any()
        assert not observation["agents_exists"][:, 0][~playing[:, 1:]].any()
        active |= ~playing.all(axis=0)
    assert active[[1, 2, 4, 5]].all(), "in some game each of these does not play"
