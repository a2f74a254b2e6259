"""An object in the hand that has to be turned and moved (Plappert et al. 2018, section 1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.sim import Observation, Rows, rotations
from framework.sim.engine import mujoco
from framework.sim.shadow_hand import HINGES
from framework_her.goal_env import Array, distance
from framework_her.hand.base import HandEnv
from framework_her.hand.config import ManipulateConfig
from framework_her.hand.model import SUBSTEPS, load

#: Physics steps in which the object comes to rest before an episode.
SETTLING = 10 * SUBSTEPS
#: An object whose centre is lower has fallen from the palm; m.
PALM = 0.04
#: How often the object is put on the palm anew before giving up.
TRIES = 200
#: Standard deviation of the object's first position; m.
SPREAD = 0.005
#: Where goals are, from where the object came to rest: lowest and highest; m.
LOWEST, HIGHEST = np.array([-0.04, -0.06, 0.0]), np.array([0.04, 0.02, 0.06])
#: Goals whose position does not count are drawn beside the hand; m.
BESIDE = np.array([0.15, 0.0, 0.0])
#: Where the object is in `qpos`, its position first, and in `qvel`.
OBJECT, PLACE, TURNED, OBJECT_DOFS = (
    slice(HINGES, HINGES + 7),
    slice(HINGES, HINGES + 3),
    slice(HINGES + 3, HINGES + 7),
    slice(HINGES, HINGES + 6),
)


@dataclass(frozen=True, kw_only=True)
class Task:
    """What tells one manipulation task from another.

    Attributes:
        thing: "block", "egg" or "pen", as in the robot's XML files.
        rotation: goals are turned about z, about z with any face up, or in any way.
        moved: whether goals are moved, too; without, positions do not count.
        turned_at_start: whether the object starts turned as goals are.
        spins: whether a turn about the object's own z axis does not count.
    """

    thing: str
    rotation: Literal["z", "parallel", "xyz"]
    moved: bool = False
    turned_at_start: bool = True
    spins: bool = False


class ManipulateEnv(HandEnv):
    """A batch of hands with an object.

    Observations are float64:

    - `observation`, `(num_envs, 61)`: angles (24, rad) and speeds (24, rad/s) of the hinges,
      velocity of the object (6; m/s, rad/s) and `achieved_goal`; then, if wanted, 92 touch sensors.
    - `achieved_goal`, `desired_goal`, `(num_envs, 7)`: position (m) and quaternion of the object.

    A goal is reached within `distance_threshold` and `rotation_threshold`. Sparse rewards are 0
    there and -1 elsewhere; dense ones are -(10 distance + angle).

    `rotation_distance: published` measures angles as gymnasium-robotics does for one pair of
    goals: without the absolute value that makes q and -q the same rotation, so that some goals
    are up to a full turn away from where they are. (Given many pairs at once its pen also mixes
    up their Euler angles, which nothing here does.) `shortest` has the absolute value.

    Args:
        task: which task.
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.
    """

    def __init__(self, task: Task, config: ManipulateConfig, **options: Any) -> None:
        self.task, self.config = task, config
        feels = config.touch != "none"
        hand = load(f"manipulate_{task.thing}{'_touch_sensors' * feels}.xml")
        sensors = hand.model.nsensor
        assert hand.model.joint("object:joint").qposadr[0] == HINGES
        options = {"max_episode_steps": config.max_episode_steps} | options
        super().__init__(hand, config, further=13 + sensors, goal=7, **options)
        self._forces = self.batch.bind("sensordata")
        # Forces are known right after they were computed only: MuJoCo leaves them behind otherwise.
        self._felt = self.remember("felt", np.zeros((self.num_envs, sensors)))

    def _score(self, achieved: Array, desired: Array) -> tuple[Array, NDArray[np.bool_]]:
        config = self.config
        a, b = achieved[..., 3:], desired[..., 3:]
        if self.task.spins:
            a = rotations.without_spin(a, b)
        turned = rotations.angle(a, b, config.rotation_distance == "shortest")
        away = distance(achieved[..., :3], desired[..., :3]) if self.task.moved else np.zeros_like(turned)
        success = (away < config.distance_threshold) & (turned < config.rotation_threshold)
        reward = -(10.0 * away + turned) if config.reward_type == "dense" else np.where(success, 0.0, -1.0)
        return reward, success

    def goal_quantities(self, first: Array, desired: Array) -> dict[str, Array]:
        """How far the object has to be turned, and moved if that counts."""
        turned = first[:, 3:]
        if self.task.spins:
            turned = rotations.without_spin(turned, desired[:, 3:])
        found = {"angle to turn (degrees)": np.degrees(rotations.angle(turned, desired[:, 3:], True))}
        if self.task.moved:
            found["distance to move (m)"] = distance(first[:, :3], desired[:, :3])
        return found

    def _start(self, ids: NDArray[np.intp]) -> None:
        left = ids
        for _ in range(TRIES):
            self._settle(left)
            failed = self.world.step(left, SETTLING)
            lost = self._qpos[left, PLACE.start + 2] <= PALM
            left = left[lost if failed is None else lost | failed[left]]
            if not len(left):
                break
        else:
            raise UserError(
                f"the {self.task.thing} fell from the hand {TRIES} times before an episode could start"
            )
        if self._felt.size:
            self.world.forward(ids, mujoco.mjtStage.mjSTAGE_ACC)
            self._felt[ids] = self._forces[ids]
        goal = self._qpos[ids, OBJECT]
        if self.task.moved:
            goal[:, :3] += self.streams.uniform(ids, LOWEST, HIGHEST, 3)
        goal[:, 3:] = self._turns(ids)
        self.goal[ids] = goal

    def _settle(self, ids: NDArray[np.intp]) -> None:
        """Put the object over the palm, in the hand's middle position."""
        self.batch.state[ids] = self.hand.first
        if self.task.turned_at_start:
            turned = rotations.product(self._qpos[ids, TURNED], self._turns(ids))
            self._qpos[ids, TURNED] = turned / np.linalg.norm(turned, axis=1, keepdims=True)
        self._qpos[ids, PLACE] += SPREAD * self.streams.normal(ids, 3)
        self._ctrl[ids] = self._centre

    def _turns(self, ids: NDArray[np.intp]) -> Array:
        """Draw rotations of the task's kind, `(k, 4)`."""
        number, *axis = self.streams.uniform(ids, -1, 1, 4).T
        if self.task.rotation == "xyz":
            return rotations.turn(np.pi * number, np.stack(axis, axis=1))
        turned = rotations.turn(np.pi * number, np.array([[0.0, 0.0, 1.0]]))
        if self.task.rotation == "z":
            return turned
        faces = rotations.parallel()
        return rotations.product(turned, faces[((axis[0] + 1) / 2 * len(faces)).astype(np.intp)])

    def _stepped(self, rows: Rows) -> None:
        self._felt[rows] = self._forces[rows]

    def _observe(self, rows: Rows) -> Observation:
        qpos, qvel = self._qpos[rows], self._qvel[rows]
        achieved = qpos[:, OBJECT]
        felt = self._felt[rows]
        parts = [qpos[:, :HINGES], qvel[:, :HINGES], qvel[:, OBJECT_DOFS], achieved]
        parts.append(felt > 0.0 if self.config.touch == "boolean" else felt)
        return {
            "observation": np.concatenate(parts, axis=1),
            "achieved_goal": achieved.copy(),
            "desired_goal": self.goal[rows].copy(),
        }

    def _decorate(self, data: Any, env: int) -> None:
        goal, target = self.goal[env], data.model.body("target")
        turned = rotations.matrix(goal[3:])
        place = goal[:3] + (0.0 if self.task.moved else BESIDE)
        for geom in range(target.geomadr[0], target.geomadr[0] + target.geomnum[0]):
            data.geom_xpos[geom], data.geom_xmat[geom] = place, turned.ravel()
        for site in np.flatnonzero(data.model.site_bodyid == target.id):
            data.site_xpos[site] = place + turned @ data.model.site_pos[site]
