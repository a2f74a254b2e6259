"""Rubik's cube in the hand: flips and turns of faces, one goal after another."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim import Flags, Floats, Ids, Info, Observation, Rows, Streams
from framework.sim.rotations import Array, matrix, parallel, product, turn
from framework.sim.shadow_hand import hand_spec
from framework_adr.cube.config import CubeConfig
from framework_adr.cube.cube import Cube
from framework_adr.cube.exact import ExactCube
from framework_adr.cube.goals import Goals, shortest
from framework_adr.cube.group import is_solved
from framework_adr.cube.layered import LayeredCube
from framework_adr.cube.parameters import GROUPS, cube_disturbances, cube_parameters
from framework_dex_hand import MOTION, HandEnv, settled

#: By the names of `CubeConfig.cube`.
KINDS: dict[str, type[Cube]] = {"exact": ExactCube, "layered": LayeredCube}
#: Numbers in what the policy sees, and in all there is to see.
POLICY, CRITIC = 32, 131
#: In `critic`, from its end: where the face that is to be up looks, what is left to turn of faces.
UP, ERRORS = slice(-15, -12), slice(-12, -6)
#: Friction of the hand's contacts has no torsion, which would cost a cube of many contacts dearly.
CONDIM = 3


@cache
def build(kind: str, timestep: float) -> Any:
    """The `MjModel` of a hand with a cube.

    Args:
        kind: "exact" or "layered".
        timestep: of the physics; s.
    """
    spec = hand_spec("manipulate_block.xml")
    spec.option.timestep = timestep
    for name in ("object", "target"):
        spec.delete(spec.body(name))
    for geom in spec.geoms:
        geom.condim = min(geom.condim, CONDIM)
    KINDS[kind].add(spec)
    return spec.compile()


@cache
def resting(kind: str, timestep: float, count: int) -> NDArray[np.float64]:
    """States in which a cube lies in the palm with any face up; see `framework_dex_hand.settled`."""

    def turned(streams: Streams, ids: Ids) -> Array:
        unit = streams.uniform(ids, 0.0, 1.0, 2).T
        vertical = np.array([[0.0, 0.0, 1.0]])
        upright = parallel()[(unit[0] * len(parallel())).astype(np.intp)]
        return product(turn(2 * np.pi * unit[1], vertical), upright)

    return settled(build(kind, timestep), count, turned)


class CubeEnv(HandEnv):
    """Hands that hold a Rubik's cube; actions, rewards, episodes and `info` are those of `HandEnv`.

    A goal is reached when the face that is to be up is within `tolerance` of it, however the cube is
    turned about the vertical, and the norm of the errors of all face angles is below `face_tolerance`.
    What is left to it is the sum of the two. With `goals: solve` an episode is truncated when its cube is
    solved, too.

    Observations are float32.

    - `policy`, `(num_envs, 32)`: positions of fingertips (15) and cube (3), m; the shortest rotation that
      brings the wanted face up (4) and how the cube is turned (4), quaternions whose first numbers are
      not negative; what is left to turn of each face (6, rad).
    - `critic`, `(num_envs, 131)`: angles (24, rad) and speeds (24, rad/s) of the hinges, averaged actions
      (20), positions of fingertips (15) and cube (3), the former from the latter (15), rotation matrix
      (9) of the cube and its velocities (6; m/s, rad/s), where the face that is to be up looks (3), what
      is left to turn of each face (6, rad) and speeds of the faces (6, rad/s).

    `info` has, besides, `way`, how many goals there are from scramble to solved cube (43, the paper's, with
    `goals: random`), and `solved`, whether the cube is.

    Args:
        config: its parameters.
        options: passed on to `framework.sim.VectorEnv`.

    Attributes:
        cube: the cubes.
        goals: what they are asked for.

    Raises:
        UserError: a parameter to draw is not there.
    """

    config: CubeConfig

    def __init__(self, config: CubeConfig, **options: Any) -> None:
        model, kind = build(config.cube, config.timestep), KINDS[config.cube]
        super().__init__(
            config,
            model,
            observed={"policy": POLICY, "critic": CRITIC},
            first=resting(config.cube, config.timestep, config.starts),
            parameters=cube_parameters(model, kind),
            effects=cube_disturbances(lambda rows: self._tips(rows)),
            groups=GROUPS,
            **options,
        )
        self.cube = kind(self.world)
        self.goals = Goals(self.world, self.cube, config)

    @property
    def task(self) -> str:
        tilt, faces = np.degrees([self.config.tolerance, self.config.face_tolerance])
        return f"goals are reached at a tilt of {tilt:.0f} degrees, and {faces:.0f} of all faces"

    def _prepare(self, ids: Ids) -> None:
        self.goals.scramble(self.streams, ids)

    def _goals(self, ids: Ids) -> Floats:
        self.goals.draw(self.streams, ids)
        up, errors = self.goals.tilt(ids), self.goals.errors(ids)
        return np.asarray(_tilt(up) + np.linalg.norm(errors, axis=1))

    def _measure(self, observation: Observation) -> tuple[Floats, Flags]:
        seen = observation["critic"].astype(np.float64)
        tilt, errors = _tilt(seen[:, UP]), np.linalg.norm(seen[:, ERRORS], axis=1)
        reached = (tilt < self.config.tolerance) & (errors < self.config.face_tolerance)
        return tilt + errors, reached

    def _judge(self, observation: Observation, actions: Floats) -> tuple[Floats, Flags, Flags, Info]:
        reward, dropped, over, info = super()._judge(observation, actions)
        solved = self._reached & self.goals.ended()
        if solved.any():
            rows = np.flatnonzero(solved)
            solved[rows] = is_solved(self.cube.state(rows))
        info |= {"way": self.goals.way.copy(), "solved": solved}
        return reward, dropped, over | (self._reached & self.goals.ended()), info

    def _observe(self, rows: Rows) -> Observation:
        seen, everything = self._hand(rows)
        rotation, up = self.cube.rotation(rows), self.goals.tilt(rows)
        n, errors = len(rotation), self.goals.errors(rows)
        everything += [
            matrix(rotation).reshape(n, -1),
            self._qvel[rows][:, MOTION],
            up,
            errors,
            self.cube.speeds(rows),
        ]
        turned = rotation * np.where(rotation[:, :1] < 0, -1.0, 1.0)
        parts = {"policy": [*seen, shortest(up), turned, errors], "critic": everything}
        return {name: np.concatenate(part, axis=1, dtype=np.float32) for name, part in parts.items()}

    def _decorate(self, data: Any, env: int) -> None:
        self.cube.show(data, env)


def _tilt(up: Array) -> Floats:
    """Angles between unit vectors, `(k, 3)`, and z; rad."""
    return np.asarray(np.arctan2(np.linalg.norm(up[:, :2], axis=1), up[:, 2]))


def make_cube(config: CubeConfig, **options: Any) -> CubeEnv:
    """Solve Rubik's cube in the hand."""
    return CubeEnv(config, **options)
