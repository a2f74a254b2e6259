"""An object that is turned in the hand from goal to goal."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.sim import Flags, Floats, Ids, Observation, Rows
from framework.sim.rotations import Array, angle, conjugate, matrix, product
from framework_dex_hand.config import ReorientConfig
from framework_dex_hand.disturbances import LEFT, hand_disturbances, nearest
from framework_dex_hand.goals import Goals
from framework_dex_hand.hand import BESIDE, HandEnv
from framework_dex_hand.model import MOTION, PLACE, TURNED, build, resting
from framework_dex_hand.parameters import hand_parameters

#: Numbers in what the policy may see in the paper, and in all there is to see.
POLICY, CRITIC = 22, 128


class ReorientEnv(HandEnv):
    """Hands that turn objects; actions, rewards, episodes and `info` are those of `HandEnv`.

    Observations are float32. Positions are from a point in the palm; fingertips, first finger to
    thumb, are where they were one physics step ago.

    - `policy`, `(num_envs, 22)`: positions of fingertips (15) and object (3), m, and the
      rotation that is left to the goal as a quaternion (4) whose first number is not negative;
      the only one with noise and lost markers, without which rewards and goals are judged.
    - `critic`, `(num_envs, 128)`: angles (24, rad) and speeds (24, rad/s) of the hinges, averaged
      actions (20), positions of fingertips (15) and object (3), the same from the object (15),
      rotation matrix of the object (9), its velocities (6; m/s, rad/s), and what is left to the
      goal as a rotation matrix (9) and as axis times angle (3, rad).

    Args:
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.

    Attributes:
        goal: rotations that are asked for, `(num_envs, 4)`.

    Raises:
        UserError: a sphere's faces are to be parallel, or a parameter to draw is not there.
    """

    config: ReorientConfig

    def __init__(self, config: ReorientConfig, **options: Any) -> None:
        self._kind = Goals(config.object, config.goal)
        model = build(config.object, config.timestep)
        super().__init__(
            config,
            model,
            observed={"policy": POLICY, "critic": CRITIC},
            first=resting(config.object, config.goal, config.timestep, config.starts),
            # The vertices of a mesh, as the prism is one, are the same in all simulations.
            parameters=hand_parameters(model, ("object",), sized=config.object != "prism"),
            effects=hand_disturbances(lambda rows: nearest(self._tips(rows))),
            **options,
        )
        self.goal = self.remember("goal", np.tile([1.0, 0.0, 0.0, 0.0], (self.num_envs, 1)))

    @property
    def task(self) -> str:
        least, tolerance = np.degrees([self.config.least_angle, self.config.tolerance])
        return f"goals are {least:.0f} degrees away or more, and reached at {tolerance:.0f}"

    def _goals(self, ids: Ids) -> Floats:
        config, turned = self.config, self._qpos[ids, TURNED]
        self.goal[ids] = self._kind.draw(self.streams, ids, turned, config.least_angle, config.greatest_angle)
        return angle(turned, self.goal[ids], shortest=True)

    def _measure(self, observation: Observation) -> tuple[Floats, Flags]:
        left = _angle(observation["policy"][:, LEFT])
        return left, left < self.config.tolerance

    def _observe(self, rows: Rows) -> Observation:
        seen, everything = self._hand(rows)
        turned = self._qpos[rows][:, TURNED]
        n = len(turned)
        left = product(self.goal[rows], conjugate(turned))
        left *= np.where(left[:, :1] < 0, -1.0, 1.0)
        everything += [
            matrix(turned).reshape(n, -1),
            self._qvel[rows][:, MOTION],
            matrix(left).reshape(n, -1),
            _vector(left),
        ]
        parts = {"policy": [*seen, left], "critic": everything}
        return {name: np.concatenate(part, axis=1, dtype=np.float32) for name, part in parts.items()}

    def _decorate(self, data: Any, env: int) -> None:
        geom = data.model.geom("target").id
        data.geom_xpos[geom] = self._qpos[env, PLACE] + BESIDE
        data.geom_xmat[geom] = matrix(self.goal[env]).ravel()


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
