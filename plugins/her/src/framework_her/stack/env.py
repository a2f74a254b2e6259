"""Stacking blocks into a tower (Nair et al. 2018, Overcoming Exploration, section VI)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim import Observation, Rows
from framework_her.fetch.arm import VELOCITIES, ArmEnv
from framework_her.fetch.model import load
from framework_her.fetch.tasks import joints
from framework_her.goal_env import Array, distance
from framework_her.stack.config import STEPS_PER_BLOCK, StackConfig

#: Edge of a block; m.
EDGE = 0.05
#: Blocks and the tower's place are drawn this far around the gripper; m.
RANGE = 0.15
#: No block starts nearer to the gripper, horizontally; m.
CLEARANCE = 0.1
#: Nor nearer to another block or the tower's place: turned blocks do not touch; m.
APART = 0.08
#: Places drawn at once for each block.
TRIES = 32


class StackEnv(ArmEnv):
    """A batch of Fetch arms with blocks to stack.

    The blocks lie on the table, none where the tower is to be: the first block at a place on
    the table, each other on the one before. Actions are those of `ArmEnv`. Observations are
    float64:

    - `observation`, `(num_envs, 10 + 15 blocks)`: gripper position, finger joints (2), gripper
      velocity, finger velocities (2); then of each block position, position relative to the
      gripper, rotation as Euler angles, velocity relative to the gripper and angular velocity;
      metres, radians, and velocities per environment step of 40 ms.
    - `achieved_goal`, `desired_goal`, `(num_envs, 3 blocks)`: positions of the blocks.

    A block is in place within `distance_threshold` of its goal; the task is done when all are.

    Args:
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.
    """

    def __init__(self, config: StackConfig, **options: Any) -> None:
        self.config, self.blocks = config, config.blocks
        # Settled in a row across the table; every episode draws other places.
        places = [
            (f"object{i}:joint", (1.2, 0.5 + 0.1 * i, 0.4, 1.0, 0.0, 0.0, 0.0)) for i in range(self.blocks)
        ]
        robot = load("pick_and_place.xml", (*joints(0.405), *places), 0.2, self.blocks)
        super().__init__(
            robot,
            config,
            objects=[f"object{i}" for i in range(self.blocks)],
            goal=3 * self.blocks,
            blocked=False,
            **{
                "stage": VELOCITIES,
                "max_episode_steps": config.max_episode_steps or STEPS_PER_BLOCK * self.blocks,
            }
            | options,
        )

    def _score(self, achieved: Array, desired: Array) -> tuple[Array, NDArray[np.bool_]]:
        blocks = (*achieved.shape[:-1], self.blocks, 3)
        away = distance(achieved.reshape(blocks), desired.reshape(blocks))
        missing = (away >= self.config.distance_threshold).mean(axis=-1)
        rewards = {"sparse": -np.ceil(missing), "step": -missing, "dense": -away.mean(axis=-1)}
        # -0.0 is what minus none gives.
        return rewards[self.config.reward_type] + 0.0, missing == 0

    def _start(self, ids: NDArray[np.intp]) -> None:
        self._restart_arm(ids)
        grip = self.robot.grip[:2]
        left = ids
        while len(left):
            tower = self.streams.uniform(left, -RANGE, RANGE, 2)
            taken, found = tower[:, None], np.ones(len(left), np.bool_)
            for place in self._places:
                offsets = self.streams.uniform(left, -RANGE, RANGE, 2 * TRIES).reshape(-1, TRIES, 1, 2)
                free = np.linalg.norm(offsets[:, :, 0], axis=-1) >= CLEARANCE
                free &= (np.linalg.norm(offsets - taken[:, None], axis=-1) >= APART).all(axis=-1)
                first = offsets[np.arange(len(left)), free.argmax(axis=1)]
                found &= free.any(axis=1)
                taken = np.concatenate([taken, first], axis=1)
                self._qpos[left, place : place + 2] = grip + first[:, 0]
            goal = np.empty((len(left), self.blocks, 3))
            goal[..., :2] = (grip + tower)[:, None]
            goal[..., 2] = self.robot.height + EDGE * np.arange(self.blocks)
            self.goal[left] = goal.reshape(len(left), -1)
            left = left[~found]

    def _observe(self, rows: Rows) -> Observation:
        points, arm, things = self._measure(rows)
        return {
            "observation": np.concatenate(
                [points[:, 0], *arm, *(part for one in things for part in one)], axis=1
            ),
            "achieved_goal": points[:, 1:].reshape(len(points), -1),
            "desired_goal": self.goal[rows].copy(),
        }

    def _decorate(self, data: Any, env: int) -> None:
        for number, goal in enumerate(self.goal[env].reshape(-1, 3)):
            data.site(f"target{number}").xpos[:] = goal


def make_stack(config: StackConfig, **options: Any) -> StackEnv:
    """FetchStack: pile blocks up where the first goal is."""
    return StackEnv(config, **options)
