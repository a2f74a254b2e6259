"""Layouts: nothing overlaps, nobody is trapped, nothing blows up; and what is drawn is drawn as asked for."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from framework_hide_seek.config import GameConfig
from framework_hide_seek.game import Game
from framework_hide_seek.scene import spec

from .many_layouts import FULL, examine, overlaps, trapped
from .playing import new, put, scatter


@pytest.mark.parametrize("parameters", [{}, FULL], ids=["quadrant", "rooms"])
def test_some_hundred_layouts(parameters: dict[str, object]) -> None:
    game = Game(GameConfig(num_envs=100, **parameters))
    game.action_space.seed(0)
    game.reset(seed=0)
    found = examine(game)
    assert +found == {"layouts": 100}


def test_what_the_examination_would_find() -> None:
    game = new()
    scatter(game)
    assert not overlaps(game, 0)
    put(game, "box0", 1.0, 1.0)
    put(game, "hider_0", 1.35, 1.0)
    assert overlaps(game, 0)
    put(game, "hider_0", 3.0, 0.1)
    assert trapped(game, 0), "in a wall"
    put(game, "hider_0", 1.35, 1.0)
    assert not trapped(game, 0)
    game.walls[0, 4:6, 1], game.walls[0, 4:6, 4] = 1.5, 1.5  # no doors
    game.walls[0, 6:8, 0], game.walls[0, 6:8, 3] = 4.5, 1.5
    assert trapped(game, 0)


def test_the_quadrant() -> None:
    game = new(400, steps=80, preparation=0.4)
    x, y = game.qpos[..., 0], game.qpos[..., 1]
    room = (x > 3) & (y < 3)
    assert room[:, 4:6].all(), "boxes"
    assert not room[:, 2:4].any(), "seekers"
    assert not room[:, 6].any(), "the ramp"
    np.testing.assert_allclose(room[:, :2].mean(), 0.2, atol=0.08)  # hiders are anywhere
    doors = (~np.isnan(game.tally.doors[..., 0])).sum(axis=1)
    assert set(doors) == {1, 2}
    np.testing.assert_allclose((doors == 1).mean(), 0.5, atol=0.08)
    one = doors == 1
    np.testing.assert_allclose(np.isnan(game.tally.doors[one, 0, 0]).mean(), 0.5, atol=0.12)


def test_rooms() -> None:
    game = Game(GameConfig(num_envs=300, **FULL))
    game.reset(seed=0)
    exists, scene = game.exists, game.scene
    for first, most in ((0, 3), (3, 3)):
        players = exists[:, first : first + most].sum(axis=1)
        np.testing.assert_allclose(np.bincount(players, minlength=4)[1:] / 300, 1 / 3, atol=0.1)
    boxes = exists[:, 6:15].sum(axis=1)
    assert set(boxes) == set(range(3, 10))
    elongated = ((game.half[:, :9, 0] > 0.8) & exists[:, 6:15]).sum(axis=1)
    assert elongated.min() == 3
    assert (elongated <= boxes).all()
    assert (elongated == boxes).any()
    outer = (game.walls[:, :4, 3] > 0).all(axis=1)
    np.testing.assert_allclose(outer.mean(), 0.5, atol=0.1)
    doors = (~np.isnan(game.tally.doors[..., 0])).sum(axis=1)
    np.testing.assert_allclose(np.bincount(doors, minlength=4) / 300, 0.25, atol=0.1)
    for first in (0, 3):  # a team begins together
        away = game.qpos[:, first + 1 : first + 3, :2] - game.qpos[:, first, None, :2]
        near = np.linalg.norm(away, axis=2)[exists[:, first + 1 : first + 3]]
        assert near.max() <= 0.5
    assert scene.bodies == 17


def test_a_layout_does_not_depend_on_the_other_games() -> None:
    few, many = (Game(GameConfig(num_envs=n, **FULL)) for n in (2, 5))
    few.reset(seed=7)
    many.reset(seed=7)
    np.testing.assert_array_equal(few.qpos, many.qpos[:2])
    np.testing.assert_array_equal(few.walls, many.walls[:2])


def test_layouts_are_simulated_like_models_of_their_own() -> None:
    """What is written into simulations moves as in a model compiled with it."""
    game = Game(GameConfig(num_envs=3, **{**FULL, "preparation": 0.0}))
    game.reset(seed=5)
    model, data = game.batch.get_model(1), game.batch.get_data(1)
    fresh = _recompiled(game, 1)
    for name in ("body_inertia", "geom_size", "geom_rbound", "dof_invweight0"):
        np.testing.assert_allclose(getattr(model, name), getattr(fresh, name), atol=1e-9, err_msg=name)
    again = mujoco.MjData(fresh)
    again.qpos[:] = data.qpos
    for _ in range(10):
        actions = game.action_space.sample()
        actions[..., 3:] = 0
        game.step(actions)
        again.ctrl[:] = game.batch.bind("ctrl")[1]
        mujoco.mj_step(fresh, again, game.substeps)
    np.testing.assert_allclose(again.qpos, game.batch.bind("qpos")[1], atol=1e-9)


def _recompiled(game: Game, env: int) -> mujoco.MjModel:
    """A model compiled with the sizes of one game."""
    made, written = spec(game.scene), game.batch.get_model(env)
    for i in range(game.scene.walls):
        geom, wall = made.geom(f"wall{i}"), written.geom(f"wall{i}")
        geom.size, geom.pos = wall.size.copy(), wall.pos.copy()
    for i in range(game.scene.boxes):
        made.geom(f"box{i}").size = game.half[env, i]
    for name, there in zip(game.sight.names, game.exists[env], strict=False):
        made.body(name).gravcomp = float(not there)
    return made.compile()
