"""Grabbing and locking, rule by rule."""

from __future__ import annotations

import numpy as np
import pytest

from framework_hide_seek.game import Game

from .playing import drive, look, new, number, put, scatter, still, turn_to, where


@pytest.fixture
def game() -> Game:
    """A box in reach and sight of hider_0, seeker_0 and hider_1; a ramp elsewhere."""
    game = new(hiders=2, seekers=1)
    scatter(game)
    put(game, "box0", 1.5, 1.5)
    put(game, "hider_0", 1.05, 1.5, turn_to(1, 0))
    put(game, "seeker_0", 1.95, 1.5, turn_to(-1, 0))
    put(game, "hider_1", 1.5, 5.0, turn_to(0, 1))
    look(game)
    return game


def near(game: Game, *names: str, leaving: tuple[str, ...] = ()) -> None:
    """Only these are in reach of the box; who is `leaving` wants it locked until it is gone."""
    spots = {"hider_0": (1.05, 1.5, 1, 0), "hider_1": (1.5, 1.05, 0, 1), "seeker_0": (1.95, 1.5, -1, 0)}
    for i, (name, (x, y, *ahead)) in enumerate(spots.items()):
        if name in names:
            put(game, name, x, y, turn_to(*ahead))
        else:
            put(game, name, 0.5 + i, 4.0, turn_to(0, 1))
    game.step(drive(game, {}, lock=leaving))


def locked(game: Game) -> bool:
    return bool(game.hands.locked[0, 0])


def test_who_grabs_carries_along(game: Game) -> None:
    near(game, "hider_0")
    for _ in range(6):
        observation = game.step(drive(game, {"hider_0": (-1, 0)}, grab=("hider_0",)))[0]
        if where(game, "hider_0")[0, 0] < 0.4:
            break
    assert observation["boxes"][0, 0, 0, -1] == 1, "it knows that it holds the box"
    assert observation["boxes"][0, 1, 0, -1] == 0, "others do not hold it"
    assert where(game, "box0")[0, 0] < 1.2
    away = where(game, "box0") - where(game, "hider_0")
    np.testing.assert_allclose(np.linalg.norm(away), 0.45, atol=0.06)
    game.step(still(game))
    assert game.hands.held[0, 0] == -1
    before = where(game, "box0")
    for _ in range(5):
        game.step(drive(game, {"hider_0": (0, 1)}))
    np.testing.assert_allclose(where(game, "box0"), before, atol=0.2)
    assert np.abs(where(game, "hider_0") - where(game, "box0")).max() > 1


@pytest.mark.parametrize(
    ("x", "turn"), [(0.95, turn_to(1, 0)), (1.05, turn_to(-1, 0))], ids=["far", "unseen"]
)
def test_hands_need_reach_and_sight(game: Game, x: float, turn: float) -> None:
    near(game)
    put(game, "hider_0", x, 1.5, turn)
    look(game)
    game.step(drive(game, {}, grab=("hider_0",), lock=("hider_0",)))
    assert game.hands.held[0, 0] == -1
    assert not locked(game)


def test_the_nearest_is_grabbed(game: Game) -> None:
    near(game, "hider_0")
    put(game, "box0", 1.5, 1.0)
    put(game, "box1", 1.5, 1.6)
    look(game)
    game.step(drive(game, {}, grab=("hider_0",)))
    assert game.hands.held[0, 0] == 1


def test_what_is_locked_stays_where_it_is(game: Game) -> None:
    near(game, "hider_0")
    observation = game.step(drive(game, {}, lock=("hider_0",)))[0]
    assert locked(game)
    np.testing.assert_array_equal(observation["boxes"][0, :, 0, -4:-1], [[1, 1, 1], [1, 1, 0], [1, 0, 0]])
    near(game, "seeker_0", leaving=("hider_0",))  # the lock stays
    before = where(game, "box0")
    for _ in range(20):
        game.step(drive(game, {"seeker_0": (-1, 0)}, grab=("seeker_0",)))
    np.testing.assert_allclose(where(game, "box0"), before, atol=0.02)


def test_whoever_of_its_team_stops_wanting_it_unlocks(game: Game) -> None:
    near(game, "hider_0")
    game.step(drive(game, {}, lock=("hider_0",)))
    near(game, "hider_1", leaving=("hider_0",))
    assert locked(game)
    game.step(drive(game, {}, lock=("hider_0",)))  # hider_1 does not want it
    assert not locked(game)


def test_all_of_the_team_in_reach_have_to_want_it(game: Game) -> None:
    near(game, "hider_0", "hider_1")
    game.step(drive(game, {}, lock=("hider_0",)))
    assert not locked(game)
    game.step(drive(game, {}, lock=("hider_0", "hider_1")))
    assert locked(game)
    game.step(drive(game, {}, lock=("hider_1",)))
    assert not locked(game)


def test_the_other_team_cannot_unlock(game: Game) -> None:
    near(game, "hider_0")
    game.step(drive(game, {}, lock=("hider_0",)))
    near(game, "seeker_0", leaving=("hider_0",))
    for wish in ((), ("seeker_0",)):
        game.step(drive(game, {}, lock=wish))
        assert locked(game)
        assert game.hands.locker[0, 0] == number(game, "hider_0")


def test_before_any_lock_hiders_in_reach_may_refuse(game: Game) -> None:
    near(game, "hider_0", "seeker_0")
    game.step(drive(game, {}, lock=("seeker_0",)))
    assert not locked(game)
    near(game, "seeker_0")
    game.step(drive(game, {}, lock=("seeker_0",)))
    assert locked(game)
    near(game, "hider_0", "seeker_0", leaving=("seeker_0",))  # seekers own it now; nobody asks the hiders
    game.step(drive(game, {}, lock=("seeker_0",)))
    assert locked(game)
    game.step(still(game))
    assert not locked(game)


def test_ramps_are_locked_only_where_they_can_be() -> None:
    for lockable in (False, True):
        game = new(lock_ramps=lockable)
        scatter(game)
        put(game, "ramp0", 1.5, 1.5)
        put(game, "hider_0", 1.05, 1.5, turn_to(1, 0))
        look(game)
        game.step(drive(game, {}, lock=("hider_0",)))
        assert game.hands.locked[0, 2] == lockable


def test_a_new_episode_begins_with_free_hands(game: Game) -> None:
    near(game, "hider_0")
    game.step(drive(game, {}, grab=("hider_0",), lock=("hider_0",)))
    assert locked(game)
    game.reset()
    assert not locked(game)
    assert (game.hands.held == -1).all()
    before = where(game, "box0")
    put(game, "seeker_0", before[0, 0] - 0.45, before[0, 1], turn_to(1, 0))
    for _ in range(10):
        game.step(drive(game, {"seeker_0": (1, 0)}))
    assert np.abs(where(game, "box0") - before).max() > 0.1
