"""The Fetch environments: observation, reward and first states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim import Observation, Rows
from framework_her.fetch.arm import NOTHING, VELOCITIES, ArmEnv
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.model import load
from framework_her.goal_env import Array, distance, reach

#: An object starts at least this far from the gripper, horizontally; m.
CLEARANCE = 0.1
#: Height above the table up to which goals in the air are drawn; m.
AIR = 0.45


@dataclass(frozen=True, kw_only=True)
class Task:
    """What tells one Fetch task from another (Plappert et al. 2018, section 1.1).

    Attributes:
        file: name of the robot's XML file.
        joints: first position of some joints.
        lift: height at which the gripper starts above its usual place; m.
        has_object: whether there is an object, whose position is the goal.
        blocked: whether the fingers are held closed.
        goal_range: goals are drawn this far around the gripper's first position; m.
        goal_offset: and moved by this; m.
        object_range: objects are drawn this far around it, horizontally; m.
        goal_in_air: whether half of an object's goals are up to `AIR` above the table.
    """

    file: str
    joints: tuple[tuple[str, tuple[float, ...]], ...]
    lift: float = 0.0
    has_object: bool = True
    blocked: bool = True
    goal_range: float = 0.15
    goal_offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    object_range: float = 0.15
    goal_in_air: bool = False


class FetchEnv(ArmEnv):
    """A batch of Fetch robots with one task.

    Actions are those of `ArmEnv`. Observations are float64:

    - `observation`, `(num_envs, 25)`: gripper position, object position, object relative to
      gripper, finger joints (2), object rotation as Euler angles, object velocity relative to
      the gripper, object angular velocity, gripper velocity, finger velocities (2); metres,
      radians, and velocities per environment step of 40 ms. Without an object `(num_envs, 10)`.
    - `achieved_goal`, `(num_envs, 3)`: object position, or the gripper's without one.
    - `desired_goal`, `(num_envs, 3)`.

    Rewards are sparse, 0 within the distance threshold and -1 outside, or dense, minus the
    distance in metres.

    Args:
        task: which task.
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.
    """

    def __init__(self, task: Task, config: FetchConfig, **options: Any) -> None:
        self.task = task
        self.config = config
        super().__init__(
            load(task.file, task.joints, task.lift),
            config,
            objects=["object0"] if task.has_object else [],
            goal=3,
            blocked=task.blocked,
            # With free fingers the published task observes positions one substep old.
            **{
                "stage": VELOCITIES if task.blocked else NOTHING,
                "max_episode_steps": config.max_episode_steps,
            }
            | options,
        )

    def _score(self, achieved: Array, desired: Array) -> tuple[Array, NDArray[np.bool_]]:
        config = self.config
        return reach(distance(achieved, desired), config.distance_threshold, config.reward_type)

    def _start(self, ids: NDArray[np.intp]) -> None:
        task, robot = self.task, self.robot
        self._restart_arm(ids)
        if task.has_object:
            left, place = ids, self._places[0]
            while len(left):
                offset = self.streams.uniform(left, -task.object_range, task.object_range, 2)
                self._qpos[left, place : place + 2] = robot.grip[:2] + offset
                left = left[np.linalg.norm(offset, axis=1) < CLEARANCE]
        goal = robot.grip + self.streams.uniform(ids, -task.goal_range, task.goal_range, 3)
        if task.has_object:
            goal += task.goal_offset
            goal[:, 2] = robot.height
        if task.goal_in_air:
            high, height = self.streams.uniform(ids, 0, 1, 2).T
            goal[:, 2] += np.where(high < 0.5, AIR * height, 0.0)
        self.goal[ids] = goal if self.config.goal is None else self.config.goal

    def _observe(self, rows: Rows) -> Observation:
        points, (fingers, *speeds), things = self._measure(rows)
        grip = points[:, 0]
        if not self.task.has_object:
            parts, achieved = [grip, fingers, *speeds], grip
        else:
            ((achieved, relative, *rest),) = things
            parts = [grip, achieved, relative, fingers, *rest, *speeds]
        return {
            "observation": np.concatenate(parts, axis=1),
            "achieved_goal": achieved.copy(),
            "desired_goal": self.goal[rows].copy(),
        }

    def _decorate(self, data: Any, env: int) -> None:
        data.site("target0").xpos[:] = self.goal[env]
