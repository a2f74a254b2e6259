"""For tests: put agents and things where they are wanted, and drive agents by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework_hide_seek.config import GameConfig
from framework_hide_seek.game import Game
from framework_hide_seek.sight import facing

#: No force, no torque, no hand.
STILL = np.array([5, 5, 5, 0, 0])


def new(num_envs: int = 1, **parameters: Any) -> Game:
    game = Game(GameConfig(**{"num_envs": num_envs, "preparation": 0.0, "steps": 1000} | parameters))
    game.reset(seed=0)
    return game


def still(game: Game) -> np.ndarray:
    """Actions of agents that do nothing, `(num_envs, agents, 5)`."""
    return np.tile(STILL, (game.num_envs, len(game.agents), 1))


def number(game: Game, name: str) -> int:
    """Of a body: `hider_0`, `box0`, `ramp0`."""
    return game.agents.index(name) if name in game.agents else game.sight.names.index(name)


def put(game: Game, name: str, x: float, y: float, turn: float = 0.0, z: float | None = None) -> None:
    """Put a body somewhere in all games, at rest; turned so (rad), at its usual height or `z` (m)."""
    body = number(game, name)
    game.qpos[:, body, :2], game.qpos[:, body, 3] = (x, y), turn
    if z is not None:
        game.qpos[:, body, 2] = z
    game.qvel[:, body] = 0.0


def turn_to(x: float, y: float) -> float:
    """The turn of a body that faces along `(x, y)`."""
    turn = float(np.arctan2(x, -y))
    np.testing.assert_allclose(facing(np.array(turn)), np.array([x, y]) / np.hypot(x, y), atol=1e-12)
    return turn


def scatter(game: Game) -> None:
    """Put everything out of the way, one beside the other along the far wall, agents facing it."""
    for i, name in enumerate([*game.agents, *game.sight.names[len(game.agents) :]]):
        put(game, name, 0.3 + 0.7 * i, 5.7, turn=turn_to(0, 1))


def look(game: Game) -> dict[str, np.ndarray]:
    """One step in which nobody does anything; what is observed then."""
    return game.step(still(game))[0]


def drive(
    game: Game, moves: dict[str, tuple[float, float]], grab: tuple[str, ...] = (), lock: tuple[str, ...] = ()
) -> np.ndarray:
    """Actions that push agents along x and y, each from -1 to 1 of their greatest force."""
    actions = still(game)
    for name, force in moves.items():
        actions[:, number(game, name), :2] = np.round(5 + 5 * np.clip(force, -1, 1))
    for name in grab:
        actions[:, number(game, name), 3] = 1
    for name in lock:
        actions[:, number(game, name), 4] = 1
    return actions


def steer(
    game: Game, name: str, x: float, y: float, speed: float = 9.0, of: str | None = None
) -> tuple[float, float]:
    """The force that brings `of`, by default the agent itself, to a place in the first game.

    At `speed` m/s at most.
    """
    body = number(game, of or name)
    wanted = np.clip(4 * (np.array([x, y]) - game.qpos[0, body, :2]), -speed, speed)
    # Motors of 90 N at most, against damping of 10 N s/m and friction of 10 N each.
    friction = (10 if of is None else 20) * np.tanh(10 * wanted)
    force = (10 * wanted + 8 * (wanted - game.qvel[0, body, :2]) + friction) / 90
    return float(force[0]), float(force[1])


def where(game: Game, name: str) -> np.ndarray:
    """Positions `(num_envs, 3)`; m."""
    return game.qpos[:, number(game, name), :3].copy()
