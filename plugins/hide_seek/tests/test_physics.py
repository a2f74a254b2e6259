"""Long physics steps do what the released environments' short ones do, played side by side.

`python -m pytest -s plugins/hide_seek/tests/test_physics.py` prints the table of docs/results/hide_seek.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from framework_hide_seek.game import Game

from .playing import drive, look, new, put, scatter, turn_to, where

Measure = Callable[[str], float]


def floor(physics: str) -> Game:
    """An open floor, everything out of the way."""
    game = new(layout="rooms", rooms=1, outer_walls=0.0, lock_ramps=True, physics=physics, steps=80)
    scatter(game)
    return game


def beside_a_box(physics: str, grab: bool, force: float, z: float | None = None) -> Game:
    """Twelve steps of a hider behind, or on top of, a box."""
    game = floor(physics)
    put(game, "box0", 1.5, 2.0)
    put(game, "hider_0", 1.05 if z is None else 1.45, 2.0, turn_to(1, 0), z=z)
    look(game)
    for _ in range(12):
        game.step(drive(game, {"hider_0": (force, 0)}, grab=("hider_0",) if grab else ()))
    return game


def push(physics: str) -> float:
    return float(where(beside_a_box(physics, False, 1.0), "box0")[0, 0] - 1.5)


def drag(physics: str) -> float:
    return float(1.5 - where(beside_a_box(physics, True, -1.0), "box0")[0, 0])


def surf(physics: str) -> float:
    game = beside_a_box(physics, True, 1.0, z=0.65)
    assert game.qpos[0, 0, 2] > 0.6
    return float(where(game, "box0")[0, 0] - 1.5)


def over_a_wall(physics: str) -> float:
    """Steps from the foot of a ramp to beyond a low wall."""
    for seed in range(100):
        game = new(lock_ramps=True, physics=physics)
        game.reset(seed=seed)
        if np.isnan(game.tally.doors[0, 0, 0]):
            break
    scatter(game)
    put(game, "ramp0", 2.65, 1.5, turn_to(1, 0))
    put(game, "seeker_0", 2.15, 1.5, turn_to(1, 0))
    for step in range(40):
        if where(game, "seeker_0")[0, 0] > 3.2:
            return float(step)
        game.step(drive(game, {"seeker_0": (1, 0)}))
    return 40.0


def creep(physics: str) -> float:
    """How far a locked box gives way; mm."""
    game = floor(physics)
    put(game, "box0", 1.5, 2.0)
    put(game, "hider_0", 1.05, 2.0, turn_to(1, 0))
    look(game)
    game.step(drive(game, {}, lock=("hider_0",)))
    start = where(game, "box0")[0, 0]
    for _ in range(12):
        game.step(drive(game, {"hider_0": (1, 0)}, lock=("hider_0",)))
    return float(1000 * (where(game, "box0")[0, 0] - start))


def sink(physics: str) -> float:
    """How far an agent at full speed sinks into a wall, at most after a step; cm."""
    game = new(physics=physics)
    scatter(game)
    put(game, "hider_0", 2.0, 1.5)
    nearest = 1.0
    for _ in range(20):
        game.step(drive(game, {"hider_0": (-1, 0)}))
        nearest = min(nearest, float(where(game, "hider_0")[0, 0]))
    assert nearest > 0, "it went through"
    return 100 * (0.15 - nearest)


#: What is measured, in what, and how much the two may differ.
MEASURES: dict[str, tuple[Measure, str, float]] = {
    "a box pushed for 12 steps": (push, "m", 0.2),
    "a box dragged for 12 steps": (drag, "m", 0.2),
    "a box surfed for 12 steps": (surf, "m", 0.2),
    "up a ramp and over the wall": (over_a_wall, "steps", 2.0),
    "a locked box pushed for 12 steps": (creep, "mm", 10.0),
    "an agent sinks into a wall": (sink, "cm", 6.0),
}


@pytest.mark.parametrize("what", MEASURES)
def test_both_physics_do_the_same(what: str) -> None:
    measure, unit, apart = MEASURES[what]
    fast, reference = measure("fast"), measure("reference")
    print(f"\n| {what} ({unit}) | {fast:.3g} | {reference:.3g} |")
    assert abs(fast - reference) <= apart
    assert what == "an agent sinks into a wall" or reference > 0
