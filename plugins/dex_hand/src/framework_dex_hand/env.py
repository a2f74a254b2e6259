"""An object that is turned in the hand from goal to goal."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from framework.sim import Camera, Flags, Floats, Ids, Info, Observation, Rows, VectorEnv
from framework.sim.engine import mujoco
from framework.sim.rotations import Array, angle, conjugate, matrix, product
from framework.sim.shadow_hand import HINGES, tip_sites
from framework_dex_hand.config import ReorientConfig
from framework_dex_hand.goals import Goals
from framework_dex_hand.model import MOTION, PLACE, TURNED, build, resting
from framework_dex_hand.parameters import parameters

#: Where positions are observed from: beside the middle of the palm; m.
ORIGIN = np.array([1.0, 0.87, 0.16])
#: Where goals are drawn, from the object; m.
BESIDE = np.array([0.15, 0.0, 0.0])
#: Numbers in what the policy may see in the paper, and in all there is to see.
POLICY, CRITIC = 22, 128


class ReorientEnv(VectorEnv):
    """A batch of Shadow hands that face up, each with an object in its palm.

    An episode asks for one goal after another. It is terminated when the object is dropped, and
    truncated after `max_successes` goals or when one takes more than `steps_per_goal` steps.

    Actions, `(num_envs, 20)` in [-1, 1] or with `bins` whole numbers from 0, are where each
    joint with an actuator is to go: the middle of its range, or its present angle, plus half of
    the range times the action. They are averaged over time before.

    Observations are float32. Positions are from a point in the palm; fingertips, first finger to
    thumb, are where they were one physics step ago.

    - `policy`, `(num_envs, 22)`: positions of fingertips (15) and object (3), m, and the
      rotation that is left to the goal as a quaternion (4) whose first number is not negative.
    - `critic`, `(num_envs, 128)`: angles (24, rad) and speeds (24, rad/s) of the hinges, averaged
      actions (20), positions of fingertips (15) and object (3), the same from the object (15),
      rotation matrix of the object (9), its velocities (6; m/s, rad/s), and what is left to the
      goal as a rotation matrix (9) and as axis times angle (3, rad).

    A step's reward is by how much the angle to its goal became less (rad), plus
    `success_reward` if it reached it, minus `drop_penalty` if the object was dropped. `info` has,
    `(num_envs,)` each: `is_success`, whether the step reached its goal; `successes` so far in
    the episode; `dropped`; and, before a new goal is drawn, `waited`, the steps that were spent on it,
    and `angle`, what is left to it (rad).

    Args:
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.

    Attributes:
        goal: rotations that are asked for, `(num_envs, 4)`.

    Raises:
        UserError: a sphere's faces are to be parallel, or a parameter to draw is not there.
    """

    camera = Camera(lookat=(1.0, 0.92, 0.16), distance=0.45, azimuth=55.0, elevation=-35.0)

    def __init__(self, config: ReorientConfig, **options: Any) -> None:
        self.config = config
        self._goals = Goals(config.object, config.goal)
        model = build(config.object, config.timestep)
        joints, bins = model.nu, config.bins
        super().__init__(
            model,
            config.num_envs,
            observation_space=spaces.Dict({"policy": _box(POLICY), "critic": _box(CRITIC)}),
            action_space=(
                spaces.MultiDiscrete([bins] * joints)
                if bins
                else spaces.Box(-1.0, 1.0, (joints,), np.float32)
            ),
            substeps=config.substeps,
            # Nothing derived is read but the fingertips, and computing it anew takes a tenth of the time.
            stage=mujoco.mjtStage.mjSTAGE_NONE,
            threads=config.threads,
            size=(config.render_size, config.render_size),
            parameters=parameters(model, config.object),
            **{
                "seed": config.seed,
                "max_episode_steps": config.max_successes * config.steps_per_goal,
            }
            | options,
        )
        self.set_ranges(config.randomise)
        self._first = resting(config.object, config.goal, config.timestep, config.starts)
        low, high = model.actuator_ctrlrange.T
        self._low, self._high, self._centre, self._half = low, high, (high + low) / 2, (high - low) / 2
        self._joints = model.jnt_qposadr[model.actuator_trnid[:, 0]]
        self._sites = tip_sites(model)
        bind = self.batch.bind
        self._qpos, self._qvel, self._ctrl = bind("qpos"), bind("qvel"), bind("ctrl")
        self._xpos = bind("site_xpos")
        n = self.num_envs
        self._action = self.remember("action", np.zeros((n, joints)))
        self.goal = self.remember("goal", np.tile([1.0, 0.0, 0.0, 0.0], (n, 1)))
        self._angle = self.remember("angle", np.zeros(n))
        self._successes = self.remember("successes", np.zeros(n, np.int64))
        self._waited = self.remember("waited", np.zeros(n, np.int64))

    # Episodes -----------------------------------------------------------------------------

    def _start(self, ids: Ids) -> None:
        which = self.streams.uniform(ids, 0, len(self._first), 1)[:, 0].astype(np.intp)
        self.batch.state[ids] = self._first[which]
        self.world.forward(ids, mujoco.mjtStage.mjSTAGE_POS)
        self._action[ids] = 0.0
        self._successes[ids] = 0
        self._ask(ids)

    def _ask(self, ids: Ids) -> None:
        """Draw new goals."""
        config, turned = self.config, self._qpos[ids, TURNED]
        self.goal[ids] = self._goals.draw(
            self.streams, ids, turned, config.least_angle, config.greatest_angle
        )
        self._angle[ids] = angle(turned, self.goal[ids], shortest=True)
        self._waited[ids] = 0

    def _act(self, actions: Floats, rows: Rows) -> None:
        config = self.config
        wanted = actions if config.bins is None else actions * (2 / (config.bins - 1)) - 1
        self._action[rows] = (1 - config.smoothing) * wanted + config.smoothing * self._action[rows]
        middle = self._centre if config.control == "absolute" else self._qpos[rows].take(self._joints, axis=1)
        self._ctrl[rows] = np.clip(middle + self._half * self._action[rows], self._low, self._high)

    def _simulate(self, actions: Floats, rows: Rows) -> Flags | None:
        failed = super()._simulate(actions, rows)
        self._reward, self._reached = np.zeros(self.num_envs), np.zeros(self.num_envs, np.bool_)
        self._dropped, self._before = self._reached.copy(), self._angle.copy()
        self._spent = self._waited + 1
        good = np.arange(self.num_envs)[rows]
        if failed is not None:
            good = good[~failed[good]]
        config = self.config
        turned = self._qpos[good, TURNED]
        left = angle(turned, self.goal[good], shortest=True)
        dropped = self._qpos[good, PLACE.stop - 1] < config.drop_height
        reached = (left < config.tolerance) & ~dropped
        self._reward[good] = (
            self._angle[good] - left + config.success_reward * reached - config.drop_penalty * dropped
        )
        self._reached[good], self._dropped[good] = reached, dropped
        self._angle[good] = self._before[good] = left
        self._successes[good] += reached
        self._waited[good] += 1
        if reached.any():
            self._ask(good[reached])
        return failed

    def _judge(self, observation: Observation, actions: Floats) -> tuple[Floats, Flags, Info]:
        over = self._successes >= self.config.max_successes
        over |= self._waited >= self.config.steps_per_goal
        if self.max_episode_steps is not None:
            self._elapsed[over] = self.max_episode_steps - 1
        info = {
            "is_success": self._reached,
            "successes": self._successes.copy(),
            "dropped": self._dropped.copy(),
            "waited": self._spent,
            "angle": self._before,
        }
        return self._reward, self._dropped, info

    # What is seen -------------------------------------------------------------------------

    def _observe(self, rows: Rows) -> Observation:
        qpos, qvel = self._qpos[rows], self._qvel[rows]
        n = len(qpos)
        place, turned = qpos[:, PLACE], qpos[:, TURNED]
        tips = self._xpos[rows].take(self._sites, axis=1)
        left = product(self.goal[rows], conjugate(turned))
        left *= np.where(left[:, :1] < 0, -1.0, 1.0)
        seen = [(tips - ORIGIN).reshape(n, -1), place - ORIGIN]
        everything = [
            qpos[:, :HINGES],
            qvel[:, :HINGES],
            self._action[rows],
            *seen,
            (tips - place[:, None]).reshape(n, -1),
            matrix(turned).reshape(n, -1),
            qvel[:, MOTION],
            matrix(left).reshape(n, -1),
            _vector(left),
        ]
        parts = {"policy": [*seen, left], "critic": everything}
        return {name: np.concatenate(part, axis=1, dtype=np.float32) for name, part in parts.items()}

    def _decorate(self, data: Any, env: int) -> None:
        geom = data.model.geom("target").id
        data.geom_xpos[geom] = self._qpos[env, PLACE] + BESIDE
        data.geom_xmat[geom] = matrix(self.goal[env]).ravel()


def _box(size: int) -> spaces.Box:
    return spaces.Box(-np.inf, np.inf, (size,), np.float32)


def _vector(quaternion: Array) -> Array:
    """Axis times angle, `(k, 3)` rad, of quaternions whose first number is not negative."""
    sine = np.linalg.norm(quaternion[:, 1:], axis=1)
    whole = 2 * np.arctan2(sine, quaternion[:, 0])
    return np.asarray(quaternion[:, 1:] * (whole / np.maximum(sine, 1e-12))[:, None])


def make_reorient(config: ReorientConfig, **options: Any) -> ReorientEnv:
    """Turn an object in the hand from goal to goal."""
    return ReorientEnv(config, **options)
