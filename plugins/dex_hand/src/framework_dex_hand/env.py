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
from framework_dex_hand.disturbances import LEFT, OBJECT, disturbances, nearest
from framework_dex_hand.goals import Goals
from framework_dex_hand.model import MOTION, PLACE, TURNED, build, resting
from framework_dex_hand.parameters import GROUPS, parameters

#: Where positions are observed from: beside the middle of the palm; m.
ORIGIN = np.array([1.0, 0.87, 0.16])
#: Where goals are drawn, from the object; m.
BESIDE = np.array([0.15, 0.0, 0.0])
#: Numbers in what the policy may see in the paper, and in all there is to see.
POLICY, CRITIC = 22, 128
#: In `policy`: the height of the object.
HEIGHT = OBJECT.stop - 1


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
      rotation that is left to the goal as a quaternion (4) whose first number is not negative;
      the only one with noise and lost markers, without which rewards and goals are judged.
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
            effects=disturbances(lambda rows: nearest(self._tips(rows))),
            **{
                "seed": config.seed,
                "max_episode_steps": config.max_successes * config.steps_per_goal,
            }
            | options,
        )
        left_out = {name for group in config.without for name in GROUPS[group]}
        self.set_ranges({k: v for k, v in config.randomise.items() if k not in left_out})
        self._first = resting(config.object, config.goal, config.timestep, config.starts)
        low, high = model.actuator_ctrlrange.T
        self._low, self._high, self._centre, self._half = low, high, (high + low) / 2, (high - low) / 2
        self._joints = model.jnt_qposadr[model.actuator_trnid[:, 0]]
        self._sites = tip_sites(model)
        bind = self.batch.bind
        self._qpos, self._qvel, self._ctrl = bind("qpos"), bind("qvel"), bind("ctrl")
        self._xpos, self._xmat = bind("site_xpos"), bind("site_xmat")
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

    def _command(self, actions: Array) -> Floats:
        bins = self.config.bins
        return actions if bins is None else actions * (2 / (bins - 1)) - 1

    def _act(self, actions: Floats, rows: Rows) -> None:
        config = self.config
        self._action[rows] = (1 - config.smoothing) * actions + config.smoothing * self._action[rows]
        middle = self._centre if config.control == "absolute" else self._qpos[rows].take(self._joints, axis=1)
        self._ctrl[rows] = np.clip(middle + self._half * self._action[rows], self._low, self._high)

    def _stepped(self, rows: Rows) -> None:
        self._waited[rows] += 1

    def _judge(self, observation: Observation, actions: Floats) -> tuple[Floats, Flags, Flags, Info]:
        config, seen = self.config, observation["policy"]
        self._left = _angle(seen[:, LEFT])
        dropped = seen[:, HEIGHT] < config.drop_height - ORIGIN[2]
        self._reached = (self._left < config.tolerance) & ~dropped
        reward = self._angle - self._left
        reward += config.success_reward * self._reached - config.drop_penalty * dropped
        successes = self._successes + self._reached
        over = successes >= config.max_successes
        over |= ~self._reached & (self._waited >= config.steps_per_goal)
        info = {
            "is_success": self._reached,
            "successes": successes,
            "dropped": dropped,
            "waited": self._waited.copy(),
            "angle": self._left,
        }
        return reward, dropped, over, info

    def _advance(self, rows: Rows) -> Ids:
        self._angle[rows] = self._left[rows]
        self._successes[rows] += self._reached[rows]
        reached: Ids = np.arange(self.num_envs)[rows][self._reached[rows]]
        if len(reached):
            self._ask(reached)
        return reached

    # What is seen -------------------------------------------------------------------------

    def _observe(self, rows: Rows) -> Observation:
        qpos, qvel = self._qpos[rows], self._qvel[rows]
        n = len(qpos)
        place, turned = qpos[:, PLACE], qpos[:, TURNED]
        tips = self._tips(rows)
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
        markers = (self._markers(tips, rows) - ORIGIN).reshape(n, -1)
        parts = {"policy": [markers, place - ORIGIN, left], "critic": everything}
        return {name: np.concatenate(part, axis=1, dtype=np.float32) for name, part in parts.items()}

    def _tips(self, rows: Rows) -> Array:
        return np.asarray(self._xpos[rows].take(self._sites, axis=1))

    def _markers(self, tips: Array, rows: Rows) -> Array:
        """Where the markers on fingertips are, `(k, 5, 3)`: each moved on its own fingertip."""
        size = self.randomisation.value("finger_markers")[rows, None]
        if not size.any():
            return tips
        moved = (size * self.randomisation.noise("finger_markers")[rows]).reshape(-1, 5, 3, 1)
        turned = self._xmat[rows].take(self._sites, axis=1).reshape(-1, 5, 3, 3)
        return np.asarray(tips + (turned @ moved)[..., 0])

    def _decorate(self, data: Any, env: int) -> None:
        geom = data.model.geom("target").id
        data.geom_xpos[geom] = self._qpos[env, PLACE] + BESIDE
        data.geom_xmat[geom] = matrix(self.goal[env]).ravel()


def _box(size: int) -> spaces.Box:
    return spaces.Box(-np.inf, np.inf, (size,), np.float32)


def _angle(quaternion: Array) -> Floats:
    """Angles of rotation, `(k,)` rad, of quaternions whose first number is not negative."""
    sine = np.linalg.norm(quaternion[:, 1:].astype(np.float64), axis=1)
    return np.asarray(2 * np.arctan2(sine, quaternion[:, 0].astype(np.float64)))


def _vector(quaternion: Array) -> Array:
    """Axis times angle, `(k, 3)` rad, of quaternions whose first number is not negative."""
    sine = np.linalg.norm(quaternion[:, 1:], axis=1)
    return np.asarray(quaternion[:, 1:] * (_angle(quaternion) / np.maximum(sine, 1e-12))[:, None])


def make_reorient(config: ReorientConfig, **options: Any) -> ReorientEnv:
    """Turn an object in the hand from goal to goal."""
    return ReorientEnv(config, **options)
