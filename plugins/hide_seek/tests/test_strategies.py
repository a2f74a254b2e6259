"""The strategies of the paper's six phases, played by hand: each is possible, and so is its defence.

Games are the quadrant's, laid out for the purpose: whoever acts still has only the game's own actions.
"""

from __future__ import annotations

import numpy as np
import pytest

from framework_hide_seek.game import Game

from .playing import drive, look, new, put, scatter, steer, turn_to, where

#: The middle of the room's west wall, and its inner and outer side; m.
WALL = 3.0


def with_west_door(open_: bool) -> Game:
    """One game whose room has a door in its west wall only, or none there."""
    for seed in range(100):
        game = new(lock_ramps=True)
        game.reset(seed=seed)
        doors = ~np.isnan(game.tally.doors[0, :, 0])
        if doors[0] == open_ and not doors.all():
            scatter(game)
            return game
    raise AssertionError("no such layout in 100")


def inside(game: Game, name: str) -> bool:
    x, y, _ = where(game, name)[0]
    return bool(x > WALL and y < WALL)


def chase(game: Game, runner: str, y: float, steps: int = 30) -> None:
    """Run from outside towards the door at height `y`, and in."""
    put(game, runner, 1.5, y, turn_to(1, 0))
    for _ in range(steps):
        here = where(game, runner)[0, 1]
        game.step(drive(game, {runner: (1.0, 3 * (y - here))}))


# Running and chasing, and forts -----------------------------------------------------------


def test_an_open_door_lets_seekers_in() -> None:
    game = with_west_door(True)
    chase(game, "seeker_0", game.tally.doors[0, 0, 1])
    assert inside(game, "seeker_0")


@pytest.mark.parametrize("locks", [True, False])
def test_a_box_in_the_door_keeps_seekers_out_once_it_is_locked(locks: bool) -> None:
    game = with_west_door(True)
    y = game.tally.doors[0, 0, 1]
    put(game, "hider_0", 4.5, y, turn_to(-1, 0))
    put(game, "box0", 4.05, y)
    look(game)
    hands = {"grab": ("hider_0",), "lock": ("hider_0",) if locks else ()}
    for _ in range(30):  # carry it to the door
        force = steer(game, "hider_0", WALL, y, speed=1.5, of="box0")
        game.step(drive(game, {"hider_0": force}, grab=("hider_0",)))
    for _ in range(3):
        info = game.step(drive(game, {}, **hands))[4]
    assert info["doors_blocked"][0]
    assert game.hands.locked[0, 0] == locks
    # The hider leaves, still wanting the lock while it goes.
    for _ in range(10):
        game.step(drive(game, {"hider_0": (1, 0)}, lock=hands["lock"]))
    chase(game, "seeker_0", y, steps=40)
    assert inside(game, "seeker_0") != locks
    assert bool(game.tally.now[0, 4]) == locks


# Ramps, and defence against them ----------------------------------------------------------


def over_the_wall(game: Game, runner: str, y: float) -> None:
    """From behind a ramp that rises towards the west wall: push it there, then run up and over."""
    for _ in range(25):
        here = where(game, runner)[0, 1]
        game.step(drive(game, {runner: (0.5, 3 * (y - here))}, grab=(runner,)))
    for _ in range(40):
        x, here, _ = where(game, runner)[0]
        if x > WALL + 0.3:
            break
        game.step(drive(game, {runner: (1.0, 3 * (y - here))}))


@pytest.mark.parametrize("locked", [False, True])
def test_a_ramp_leads_over_the_wall_unless_it_was_locked(locked: bool) -> None:
    game = with_west_door(False)
    y = 1.5
    put(game, "ramp0", 1.8, y, turn_to(1, 0))
    if locked:
        put(game, "hider_1", 1.8, y + 0.45, turn_to(0, -1))
        look(game)
        game.step(drive(game, {}, lock=("hider_1",)))
        for _ in range(15):
            game.step(drive(game, {"hider_1": (0, 1)}, lock=("hider_1",)))
        assert game.hands.locked[0, 2]
    put(game, "seeker_0", 1.35, y, turn_to(1, 0))
    look(game)
    over_the_wall(game, "seeker_0", y)
    assert inside(game, "seeker_0") != locked
    assert (abs(where(game, "ramp0")[0, 0] - 1.8) < 0.05) == locked


def test_without_a_ramp_the_wall_holds() -> None:
    game = with_west_door(False)
    chase(game, "seeker_0", 1.5, steps=60)
    assert not inside(game, "seeker_0")


# Box surfing, and defence against it ------------------------------------------------------


def climb_and_surf(game: Game, runner: str, y: float) -> float:
    """Up a locked ramp onto a box beside it, then on with the box; how far it went, m."""
    for _ in range(20):
        box, climbed = where(game, "box0")[0, 0], where(game, runner)[0, 2] > 0.58
        force = steer(game, runner, box - 0.1, y) if climbed else (1.0, 0.0)
        game.step(drive(game, {runner: force}))
    assert where(game, runner)[0, 2] > 0.6, "it did not climb the box"
    start = where(game, "box0")[0, 0]
    for _ in range(14):
        info = game.step(drive(game, {runner: (1.0, 0.0)}, grab=(runner,)))[4]
        if where(game, "box0")[0, 0] > 2.55:
            break
    surfed = where(game, "box0")[0, 0] - start
    assert info["seeker_on_box"][0]
    return float(surfed)


@pytest.mark.parametrize("locked", [False, True])
def test_box_surfing_is_possible_unless_the_box_was_locked(locked: bool) -> None:
    game = with_west_door(False)
    y = 1.5
    put(game, "ramp0", 0.9, y, turn_to(1, 0))
    put(game, "box0", 1.45, y)
    # Hiders lock the ramp, as in the fourth phase, and in the sixth the box.
    put(game, "hider_0", 0.9, y + 0.45, turn_to(0, -1))
    put(game, "hider_1", 1.45, y + 0.45, turn_to(0, -1))
    look(game)
    both = ("hider_0", "hider_1") if locked else ("hider_0",)
    if not locked:
        put(game, "hider_1", 1.45, 4.5)
        look(game)
    game.step(drive(game, {}, lock=both))
    for _ in range(15):
        game.step(drive(game, dict.fromkeys(both, (0.0, 1.0)), lock=both))
    assert game.hands.locked[0].tolist() == [locked, False, True]
    put(game, "seeker_0", 0.4, y, turn_to(1, 0))
    look(game)
    surfed = climb_and_surf(game, "seeker_0", y)
    if locked:
        assert abs(surfed) < 0.02
    else:
        assert surfed > 0.9
        # And from the box into the fort.
        for _ in range(10):
            game.step(drive(game, {"seeker_0": (1.0, 0.0)}))
        assert inside(game, "seeker_0")
