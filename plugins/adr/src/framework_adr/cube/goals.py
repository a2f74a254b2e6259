"""Sub-goals: flips that bring a face up, and quarter turns of the upper face (sections 3 and 6)."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from framework.sim import Ids, Rows, Streams, World
from framework.sim.rotations import Array, matrix
from framework_adr.cube.config import CubeConfig
from framework_adr.cube.cube import Cube, wrapped
from framework_adr.cube.group import FACES, NORMALS, scrambled
from framework_adr.cube.solver import quarter_turns, solution

#: Quarter turns of the longest way: 24 moves of two each.
LONGEST = 48
#: Goals of the paper's scramble, 26 turns and 17 flips: a full solve where goals are random.
FAIR = 43
NONE = -1


class Goals:
    """What each of the simulations is asked for; part of the world's state.

    Where the upper face is not the one to turn next, the goal is a flip: that face up, nothing turned.
    Then it is to be turned by a quarter. A face that is turned by mistake has to be turned back.

    Args:
        world: to remember goals in.
        cube: whose.
        config: the parameters.

    Attributes:
        face: which face is to be up, `(simulations,)`.
        target: where the angles of all faces are to be, `(simulations, 6)`; rad.
        way: how many goals there are from the scramble to the solved cube, flips included; `FAIR` where
            goals are random.
    """

    def __init__(self, world: World, cube: Cube, config: CubeConfig) -> None:
        n = len(world)
        self._cube, self._config = cube, config
        self.face = world.remember("goal/face", np.zeros(n, np.intp))
        self.target = world.remember("goal/target", np.zeros((n, len(FACES))))
        self.way = world.remember("goal/way", np.full(n, FAIR))
        #: Quarter turns to make, faces and directions, how many were asked for, and whether one is now.
        self._plan = world.remember("goal/plan", np.full((n, LONGEST, 2), NONE, np.int8))
        self._next = world.remember("goal/next", np.zeros(n, np.intp))

    def scramble(self, streams: Streams, ids: Ids) -> None:
        """Scramble the cubes, and plan how to solve them."""
        self._cube.put(ids, scrambled(streams, ids, self._config.scramble))
        self._next[ids] = 0
        if self._config.goals == "random":
            return
        self._plan[ids] = NONE
        up = self.upper(ids)
        for i, face, state in zip(ids.tolist(), up.tolist(), self._cube.state(ids), strict=True):
            turns = quarter_turns(solution(state))
            self._plan[i, : len(turns)] = turns
            faces = [face, *(turned for turned, _ in turns)]
            flips = sum(a != b for a, b in itertools.pairwise(faces))
            self.way[i] = len(turns) + flips

    def upper(self, rows: Rows) -> NDArray[np.intp]:
        """Which face is up, `(k,)`."""
        return np.asarray((matrix(self._cube.rotation(rows))[:, 2] @ NORMALS.T).argmax(axis=1))

    def ended(self) -> NDArray[np.bool_]:
        """Whether the last goal of its way was asked for, `(simulations,)`."""
        if self._config.goals == "random":
            return np.zeros(len(self.face), np.bool_)
        left = self._plan[np.arange(len(self.face)), np.minimum(self._next, LONGEST - 1), 0] == NONE
        return np.asarray(left | (self._next >= LONGEST))

    def draw(self, streams: Streams, ids: Ids) -> None:
        """Ask for the next goals."""
        up = self.upper(ids)
        if self._config.goals == "random":
            unit = streams.uniform(ids, 0.0, 1.0, 2).T
            turned = unit[0] < self._config.face_share
            others = (up + 1 + (unit[1] * (len(FACES) - 1)).astype(np.intp)) % len(FACES)
            face, sign = np.where(turned, up, others), np.where(unit[1] < 0.5, 1, -1)
        else:
            now = np.minimum(self._next[ids], LONGEST - 1)
            face, sign = self._plan[ids, now].T.astype(np.intp)
            planned = face != NONE
            face = np.where(planned, face, up)
            turned = planned & (face == up)
            self._next[ids] += turned
        self._cube.release(ids, face)
        self.face[ids] = face
        quarter = np.pi / 2
        target = (self._cube.angles(ids) / quarter).round() * quarter
        target[np.arange(len(ids)), face] -= sign * turned * quarter
        self.target[ids] = wrapped(target)

    def tilt(self, rows: Rows) -> Array:
        """Where the faces that are to be up look, `(k, 3)`; what is left is from there to z."""
        normal = NORMALS[self.face[rows]].astype(np.float64)
        return np.asarray((matrix(self._cube.rotation(rows)) @ normal[:, :, None])[:, :, 0])

    def errors(self, rows: Rows) -> Array:
        """What is left to turn of each face, `(k, 6)`; rad."""
        return wrapped(self.target[rows] - self._cube.angles(rows))


def shortest(to_up: Array) -> Array:
    """The shortest rotations, `(k, 4)`, that turn unit vectors `(k, 3)` to look up along z."""
    x, y, z = to_up.T
    left = np.stack([1 + z, y, -x, np.zeros(len(z))], axis=1)
    # Of those that look down one is as good as another.
    left[z < -1 + 1e-9] = [0.0, 1.0, 0.0, 0.0]
    return np.asarray(left / np.linalg.norm(left, axis=1, keepdims=True))
