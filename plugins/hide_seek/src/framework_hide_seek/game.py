"""The game: a batch of worlds in which one team hides and the other seeks."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.errors import UserError
from framework.sim import Field, Flags, Floats, Ids, Info, Observation, Rows, VectorEnv
from framework.sim.engine import mujoco
from framework_hide_seek.config import GameConfig
from framework_hide_seek.layouts.quadrant import WALLS, quadrant
from framework_hide_seek.scene import AGENT, AXES, BOX, CONTROL, Scene, model
from framework_hide_seek.sight import Sight, facing
from framework_hide_seek.spaces import CHOICES, action_space, observation_space

#: Layouts drawn for a game before giving up.
LAYOUTS = 100


class Game(VectorEnv):
    """A batch of games, `agents` of them in each: the hiders first, then the seekers.

    Observations and actions are those of `framework_hide_seek.spaces`, with an agent axis behind that of
    the games; rewards are `(num_envs, agents)`. All agents start and end together.

    Every step hiders earn 1 each if no seeker sees any of them, else -1; seekers the opposite. In
    the preparation nobody earns anything and seekers do not act.

    `info` has, `(num_envs)` each: `preparation`, whether the step was one of it, and `seen`, whether
    a hider was.

    Args:
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.

    Attributes:
        agents: names of the agents, in their order.
        hides: which of them hide, `(agents)`.
    """

    def __init__(self, config: GameConfig, **options: Any) -> None:
        self.config = config
        count = config.hiders + config.seekers
        self.scene = scene = Scene(count, config.boxes, config.ramps, WALLS, timestep=0.015, friction=0.01)
        super().__init__(
            model(scene),
            config.num_envs,
            observation_space=observation_space(count, config.boxes, config.ramps, food=0),
            action_space=action_space(count),
            substeps=5,
            stage=mujoco.mjtStage.mjSTAGE_NONE,
            threads=config.threads,
            size=(config.render_size, config.render_size),
            agents=[
                *(f"hider_{i}" for i in range(config.hiders)),
                *(f"seeker_{i}" for i in range(config.seekers)),
            ],
            **{"seed": config.seed, "max_episode_steps": config.steps} | options,
        )
        self.hides: Flags = np.arange(count) < config.hiders
        self.preparation = round(config.preparation * config.steps)
        self.sight = Sight(self.world, scene)
        bind, shape = self.batch.bind, (self.num_envs, scene.bodies, AXES)
        self._qpos, self._qvel = bind("qpos").reshape(shape), bind("qvel").reshape(shape)
        self._ctrl = bind("ctrl").reshape(self.num_envs, count, 3)
        self._walls = tuple(
            Field(f"geom_{what}", tuple(f"wall{i}" for i in range(WALLS))) for what in ("pos", "size")
        )
        self._step = self.remember("step", np.zeros(self.num_envs, np.int64))
        #: Who saw what last.
        self._sees = self.remember("sees", np.zeros((self.num_envs, count, scene.bodies), np.bool_))
        self._height = np.array([AGENT] * count + [BOX] * (scene.bodies - count))
        self._own = _own(scene)
        self._others = np.nonzero(~np.eye(count, dtype=bool))[1].reshape(count, -1)

    def _start(self, ids: Ids) -> None:
        left = ids
        for _ in range(LAYOUTS):
            left = self._lay_out(left)
            if not len(left):
                break
        else:
            raise UserError(
                f"no room for so much on the floor of games {left.tolist()}\n  ask for fewer boxes or ramps"
            )
        self._qvel[ids] = 0.0
        self._ctrl[ids] = 0.0
        self._step[ids] = 0

    def _lay_out(self, ids: Ids) -> Ids:
        """Draw layouts; returns the games that still need one."""
        c = self.config
        layout = quadrant(self.streams, ids, c.hiders, c.seekers, c.boxes, c.ramps)
        rows, found = layout.found, ids[layout.found]
        if len(found):
            for field, part in zip(self._walls, (slice(0, 3), slice(3, 6)), strict=True):
                self.world.fields.write(field, layout.walls[rows][..., part].reshape(len(found), -1), found)
            self._qpos[found, :, :2] = layout.where[rows]
            self._qpos[found, :, 2] = self._height
            self._qpos[found, :, 3] = layout.turns[rows]
        return ids[~rows]

    def _act(self, actions: Floats, rows: Rows) -> None:
        force = CONTROL * (2 * actions[..., :3] / (CHOICES[0] - 1) - 1)
        waiting = (self._step[rows] < self.preparation)[:, None] & ~self.hides
        self._ctrl[rows] = np.where(waiting[..., None], 0.0, force)

    def _stepped(self, rows: Rows) -> None:
        self._step[rows] += 1

    def _observe(self, rows: Rows) -> Observation:
        ids = None if isinstance(rows, slice) else rows
        qpos, qvel, scene = self._qpos[rows], self._qvel[rows], self.scene
        k, agents = len(qpos), scene.agents
        faces = facing(qpos[..., 3])
        self._sees[rows] = sees = self.sight.look(qpos, faces[:, :agents], ids=ids)
        motion = np.concatenate([faces, qvel], axis=-1)
        steps = self._step[rows]
        left = np.stack(
            [np.clip(1 - steps / max(self.preparation, 1), 0, 1), 1 - steps / self.config.steps], axis=-1
        )
        hides = np.broadcast_to(self.hides[:, None], (k, agents, 1))
        own = [
            qpos[:, :agents, :3],
            motion[:, :agents],
            hides,
            np.broadcast_to(left[:, None], (k, agents, 2)),
        ]
        seen: Observation = {
            "active": np.ones((k, agents), np.int8),
            "self": np.concatenate(own, axis=-1, dtype=np.float32),
            "lidar": self.sight.lidar(qpos, ids).astype(np.float32),
        }
        away = np.concatenate(
            [
                qpos[:, None, :, :2] - qpos[:, :agents, None, :2],
                np.broadcast_to(qpos[:, None, :, 2:3], (k, agents, scene.bodies, 1)),
                np.broadcast_to(motion[:, None], (k, agents, scene.bodies, 6)),
            ],
            axis=-1,
            dtype=np.float32,
        )
        rows_of = np.arange(agents)[:, None]
        if agents > 1:
            other = np.concatenate(
                [
                    away[:, rows_of, self._others],
                    np.broadcast_to(self.hides[self._others][..., None], (k, agents, agents - 1, 1)),
                ],
                axis=-1,
                dtype=np.float32,
            )
            seen |= _entities("agents", other, sees[:, rows_of, self._others])
        hold = np.zeros((k, agents, scene.bodies, 4), np.float32)
        box, ramp = self._own
        if scene.boxes:
            sides = np.full((k, agents, scene.boxes, 3), 2 * BOX, np.float32)
            seen |= _entities(
                "boxes", np.concatenate([away[:, :, box], sides, hold[:, :, box]], axis=-1), sees[..., box]
            )
        if scene.ramps:
            seen |= _entities(
                "ramps", np.concatenate([away[:, :, ramp], hold[:, :, ramp]], axis=-1), sees[..., ramp]
            )
        return seen

    def _judge(self, observation: Observation, actions: Floats) -> tuple[Floats, bool, bool, Info]:
        hides = self.hides
        seen = self._sees[:, ~hides, : len(hides)][..., hides].any(axis=(1, 2))
        preparation = self._step <= self.preparation
        sign = np.where(seen, -1.0, 1.0)[:, None] * np.where(hides, 1.0, -1.0)
        reward = np.where(preparation[:, None], 0.0, sign)
        return reward, False, False, {"preparation": preparation, "seen": seen}


def _own(scene: Scene) -> tuple[slice, slice]:
    boxes = slice(scene.agents, scene.agents + scene.boxes)
    return boxes, slice(boxes.stop, scene.bodies)


def _entities(name: str, features: Floats, mask: Flags) -> Observation:
    exists = np.ones(mask.shape, np.int8)
    return {name: features, f"{name}_mask": mask.astype(np.int8), f"{name}_exists": exists}


def make_game(config: GameConfig, **options: Any) -> Game:
    """Hide and seek between two teams."""
    return Game(config, **options)
