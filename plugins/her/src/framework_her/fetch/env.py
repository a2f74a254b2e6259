"""The Fetch environments: action, observation, reward and first states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from framework.sim import Camera, Observation, Rows, VectorEnv
from framework.sim.engine import mujoco
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.model import DOWN, SUBSTEPS, load
from framework_her.fetch.motion import PointMotion, euler_angles
from framework_her.fetch.parameters import LATEST, parameters

#: How far the gripper is pulled by an action of 1; m.
REACH = 0.05
#: An object starts at least this far from the gripper, horizontally; m.
CLEARANCE = 0.1
FINGERS = ("robot0:r_gripper_finger_joint", "robot0:l_gripper_finger_joint")


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


#: Height above the table up to which goals in the air are drawn; m.
AIR = 0.45


class FetchEnv(VectorEnv):
    """A batch of Fetch robots with one task.

    Actions are `(num_envs, 4)` in [-1, 1]: where to pull the gripper, x, y, z, in units of
    5 cm, and the fingers' opening. Observations are float64:

    - `observation`, `(num_envs, 25)`: gripper position, object position, object relative to
      gripper, finger joints (2), object rotation as Euler angles, object velocity relative to
      the gripper, object angular velocity, gripper velocity, finger velocities (2); metres,
      radians, and velocities per environment step of 40 ms. Without an object `(num_envs, 10)`.
    - `achieved_goal`, `(num_envs, 3)`: object position, or the gripper's without one.
    - `desired_goal`, `(num_envs, 3)`.

    Episodes never terminate; `info["is_success"]`, `(num_envs,)` bool, tells at every step
    whether the goal is reached. `parameters()` tells what can be set while they run.

    Args:
        task: which task.
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.
    """

    camera = Camera(lookat=(1.3, 0.75, 0.55), distance=2.5, azimuth=132.0, elevation=-14.0)

    def __init__(self, task: Task, config: FetchConfig, **options: Any) -> None:
        self.task = task
        self.config = config
        self.robot = robot = load(task.file, task.joints, task.lift)
        model = robot.model
        numbers = 25 if task.has_object else 10
        super().__init__(
            model,
            config.num_envs,
            observation_space=gymnasium.spaces.Dict(
                {"observation": _box(numbers), "achieved_goal": _box(3), "desired_goal": _box(3)}
            ),
            action_space=gymnasium.spaces.Box(-1.0, 1.0, (4,), np.float32),
            substeps=SUBSTEPS,
            # With free fingers the published task observes positions one substep old.
            stage=mujoco.mjtStage.mjSTAGE_VEL if task.blocked else mujoco.mjtStage.mjSTAGE_NONE,
            threads=config.threads,
            size=(config.render_size, config.render_size),
            parameters=parameters(task.has_object),
            **{"max_episode_steps": config.max_episode_steps, "seed": config.seed} | options,
        )
        n = self.num_envs
        self.goal = self.remember("goal", np.zeros((n, 3)))
        # The gripper as last computed: not a function of the state row where kinematics lag.
        self._pulled_from = self.remember("pulled_from", np.zeros((n, 3)))
        self._turned_from = self.remember("turned_from", np.zeros((n, 4)))
        # Actions on their way, newest first.
        self._sent = self.remember("sent", np.zeros((n, LATEST, 4)))
        self._delay = self.randomisation.value("action_delay")
        self.set_ranges(config.randomise)
        bind = self.batch.bind
        self._mocap_pos, self._mocap_quat = bind("mocap_pos")[:, 0], bind("mocap_quat")[:, 0]
        self._qpos, self._qvel, self._ctrl = bind("qpos"), bind("qvel"), bind("ctrl")
        gripper = model.body("robot0:gripper_link").id
        self._xpos, self._xquat = bind("xpos")[:, gripper], bind("xquat")[:, gripper]
        position, speed = (model.joint(FINGERS[0]).qposadr[0], model.joint(FINGERS[0]).dofadr[0])
        assert model.joint(FINGERS[1]).qposadr[0] == position + 1
        self._fingers, self._finger_dofs = slice(position, position + 2), slice(speed, speed + 2)
        self._driven = model.jnt_qposadr[model.actuator_trnid[:, 0]]  # not in the joints' order
        sites = ["robot0:grip", *(["object0"] if task.has_object else [])]
        self._motion = PointMotion(self.batch, sites)
        self._step_time = SUBSTEPS * model.opt.timestep
        if task.has_object:
            self._object_xy = self._qpos[:, model.joint("object0:joint").qposadr[0] :][:, :2]
            self._object_xmat = bind("site_xmat")[:, model.site("object0").id]

    def compute_reward(self, achieved: ArrayLike, desired: ArrayLike, info: Any = None) -> Any:
        """Reward of having reached `achieved` while `desired` was asked for.

        Args:
            achieved: goals, `(..., 3)`; m.
            desired: goals, `(..., 3)`; m.
            info: not used.

        Returns:
            `(...)` float64: sparse, 0 within the distance threshold and -1 outside; dense,
            minus the distance in metres.
        """
        return self._reward(_distance(achieved, desired))

    def _reward(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.config.reward_type == "dense":
            return -distance
        return np.where(distance > self.config.distance_threshold, -1.0, 0.0)

    def _start(self, ids: NDArray[np.intp]) -> None:
        task, robot = self.task, self.robot
        self.batch.state[ids] = robot.first
        self._sent[ids] = 0.0
        if task.has_object:
            left = ids
            while len(left):
                offset = self.streams.uniform(left, -task.object_range, task.object_range, 2)
                self._object_xy[left] = robot.grip[:2] + offset
                left = left[np.linalg.norm(offset, axis=1) < CLEARANCE]
        goal = robot.grip + self.streams.uniform(ids, -task.goal_range, task.goal_range, 3)
        if task.has_object:
            goal += task.goal_offset
            goal[:, 2] = robot.height
        if task.goal_in_air:
            high, height = self.streams.uniform(ids, 0, 1, 2).T
            goal[:, 2] += np.where(high < 0.5, AIR * height, 0.0)
        self.goal[ids] = goal

    def _act(self, actions: NDArray[np.floating[Any]], rows: Rows) -> None:
        actions = self._arriving(actions, rows)
        # In the precision that the actions come in, as the published task does.
        self._mocap_pos[rows] = self._pulled_from[rows] + actions[:, :3] * actions.dtype.type(REACH)
        self._mocap_quat[rows] = self._turned_from[rows] + DOWN
        if not self.task.blocked:
            self._ctrl[rows] = self._qpos[rows][:, self._driven] + actions[:, 3:]

    def _arriving(self, actions: NDArray[np.floating[Any]], rows: Rows) -> NDArray[np.floating[Any]]:
        """The actions that arrive when these are sent; zeros before an episode's first."""
        sent = np.concatenate([actions[:, None], self._sent[rows]], axis=1)
        self._sent[rows] = sent[:, :-1]
        delay = np.rint(self._delay[rows]).astype(np.intp)
        return sent[np.arange(len(sent)), delay].astype(actions.dtype) if delay.any() else actions

    def _stepped(self, rows: Rows) -> None:
        # Nothing that was computed after the last substep depends on the fingers' position.
        if self.task.blocked:
            self._qpos[rows, self._fingers] = 0.0

    def _refresh(self, rows: Rows) -> None:
        self._pulled_from[rows] = self._xpos[rows]
        self._turned_from[rows] = self._xquat[rows]

    def _observe(self, rows: Rows) -> Observation:
        velocity = self._qvel[rows] * self._step_time
        points, linear, angular = self._motion(rows, velocity)
        grip, grip_velocity = points[:, 0], linear[:, 0]
        fingers, finger_velocity = self._qpos[rows, self._fingers], velocity[:, self._finger_dofs]
        if not self.task.has_object:
            parts = [grip, fingers, grip_velocity, finger_velocity]
            achieved = grip
        else:
            achieved = points[:, 1]
            parts = [
                grip,
                achieved,
                achieved - grip,
                fingers,
                euler_angles(self._object_xmat[rows]),
                linear[:, 1] - grip_velocity,
                angular[:, 1],
                grip_velocity,
                finger_velocity,
            ]
        return {
            "observation": np.concatenate(parts, axis=1),
            "achieved_goal": achieved.copy(),
            "desired_goal": self.goal[rows].copy(),
        }

    def _decorate(self, data: Any, env: int) -> None:
        data.site("target0").xpos[:] = self.goal[env]

    def _judge(self, observation: Observation, actions: NDArray[np.floating[Any]]) -> Any:
        distance = _distance(observation["achieved_goal"], observation["desired_goal"])
        info = {"is_success": distance < self.config.distance_threshold}
        return self._reward(distance), np.zeros(self.num_envs, np.bool_), info


def _distance(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    difference = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    return np.asarray(np.linalg.norm(difference, axis=-1))


def _box(size: int) -> gymnasium.spaces.Box:
    return gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float64)
