"""A Fetch arm at a table: its actions, and what is observed of it and of the objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim import Camera, Rows
from framework.sim.engine import mujoco
from framework.sim.rotations import euler_angles
from framework_her.fetch.config import ArmConfig
from framework_her.fetch.model import DOWN, SUBSTEPS, Robot
from framework_her.fetch.motion import PointMotion
from framework_her.fetch.parameters import LATEST, parameters
from framework_her.goal_env import Array, GoalVectorEnv

#: How far the gripper is pulled by an action of 1; m.
REACH = 0.05
#: What is computed after the last substep: nothing, or positions and velocities.
NOTHING, VELOCITIES = mujoco.mjtStage.mjSTAGE_NONE, mujoco.mjtStage.mjSTAGE_VEL
FINGERS = ("robot0:r_gripper_finger_joint", "robot0:l_gripper_finger_joint")


class ArmEnv(GoalVectorEnv):
    """A batch of Fetch arms.

    Actions are `(num_envs, 4)` in [-1, 1]: where to pull the gripper, x, y, z, in units of
    5 cm, and the fingers' opening. `parameters()` tells what can be set while they run.

    Args:
        robot: the model and its settled first state.
        config: how many simulations, and what is random in them.
        objects: names of the objects that are observed; each has a site of that name.
        goal: numbers in a goal.
        blocked: whether the fingers are held closed.
        options: passed on to `framework.sim.VectorEnv`.
    """

    camera = Camera(lookat=(1.3, 0.75, 0.55), distance=2.5, azimuth=132.0, elevation=-14.0)

    def __init__(
        self,
        robot: Robot,
        config: ArmConfig,
        *,
        objects: Sequence[str],
        goal: int,
        blocked: bool,
        **options: Any,
    ) -> None:
        self.robot, self.blocked = robot, blocked
        model = robot.model
        super().__init__(
            model,
            config,
            observation=10 + 15 * len(objects),
            goal=goal,
            actions=4,
            substeps=SUBSTEPS,
            parameters=parameters(objects),
            **options,
        )
        n = self.num_envs
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
        self._motion = PointMotion(self.batch, ["robot0:grip", *objects])
        self._step_time = SUBSTEPS * model.opt.timestep
        self._xmat, self._sites = bind("site_xmat"), [model.site(name).id for name in objects]
        #: Where each object's horizontal position is in `qpos`.
        self._places = [model.joint(f"{name}:joint").qposadr[0] for name in objects]

    def _restart_arm(self, ids: NDArray[np.intp]) -> None:
        """Put the arm and the objects of `ids` where they are after settling."""
        self.batch.state[ids] = self.robot.first
        self._sent[ids] = 0.0

    def _act(self, actions: NDArray[np.floating[Any]], rows: Rows) -> None:
        actions = self._arriving(actions, rows)
        # In the precision that the actions come in, as the published task does.
        self._mocap_pos[rows] = self._pulled_from[rows] + actions[:, :3] * actions.dtype.type(REACH)
        self._mocap_quat[rows] = self._turned_from[rows] + DOWN
        if not self.blocked:
            self._ctrl[rows] = self._qpos[rows][:, self._driven] + actions[:, 3:]

    def _arriving(self, actions: NDArray[np.floating[Any]], rows: Rows) -> NDArray[np.floating[Any]]:
        """The actions that arrive when these are sent; zeros before an episode's first."""
        sent = np.concatenate([actions[:, None], self._sent[rows]], axis=1)
        self._sent[rows] = sent[:, :-1]
        delay = np.rint(self._delay[rows]).astype(np.intp)
        return sent[np.arange(len(sent)), delay].astype(actions.dtype) if delay.any() else actions

    def _stepped(self, rows: Rows) -> None:
        # Nothing that was computed after the last substep depends on the fingers' position.
        if self.blocked:
            self._qpos[rows, self._fingers] = 0.0

    def _refresh(self, rows: Rows) -> None:
        self._pulled_from[rows] = self._xpos[rows]
        self._turned_from[rows] = self._xquat[rows]

    def _measure(self, rows: Rows) -> tuple[Array, list[Array], list[list[Array]]]:
        """Look at some environments.

        Returns:
            Positions of the gripper and of the objects, `(k, 1 + objects, 3)`; of the arm,
            finger joints, gripper velocity and finger velocities; of each object, position,
            position relative to the gripper, rotation as Euler angles, velocity relative to the
            gripper and angular velocity. Metres, radians, and velocities per environment step.
        """
        velocity = self._qvel[rows] * self._step_time
        points, linear, angular = self._motion(rows, velocity)
        grip, grip_velocity = points[:, 0], linear[:, 0]
        arm = [self._qpos[rows, self._fingers], grip_velocity, velocity[:, self._finger_dofs]]
        things = [
            [
                points[:, i],
                points[:, i] - grip,
                euler_angles(self._xmat[rows, site]),
                linear[:, i] - grip_velocity,
                angular[:, i],
            ]
            for i, site in enumerate(self._sites, 1)
        ]
        return points, arm, things
