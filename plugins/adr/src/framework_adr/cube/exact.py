"""The cube as it is: 26 cubelets that nothing but their contacts hold together."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from framework.sim import Ids, Rows, World
from framework.sim.engine import mujoco
from framework.sim.rotations import Array, parallel
from framework_adr.cube.cube import (
    ARMATURE,
    BEVEL,
    BLACK,
    DAMPING,
    EDGE,
    FRICTION,
    FRICTION_LOSS,
    MASS,
    PER_FACE,
    PITCH,
    Cube,
    free_body,
    sticker,
    wrapped,
)
from framework_adr.cube.group import CUBELETS, FACES, NORMALS, PLACES, State, clockwise, nearest

MIDDLES = len(FACES)
#: `_QUARTERS[f, q]`: the rotation of the middle of face f that was turned counterclockwise by q quarters.
_QUARTERS = np.array(
    [[clockwise(face, -quarter) for quarter in range(4)] for face in range(MIDDLES)], np.uint8
)


class ExactCube(Cube):
    """Middles of faces on hinges, edges and corners on ball joints, all about the middle of the cube.

    A face turns because its middle pushes its edges, and these its corners; a face that is not quite in
    line is pushed into it by the bevels, or blocks others. Contacts between cubelets have no friction
    (condim 1), those with the hand have. The dry friction of the nine cubelets of a face is in the hinge
    of its middle: three constraints less for each of the others, which take a seventh of the time.
    """

    bodies = ("object", *(f"cubelet:{i}" for i in range(CUBELETS)))
    joints = tuple(f"cubelet:{i}:joint" for i in range(CUBELETS))
    sized = False

    def __init__(self, world: World) -> None:
        super().__init__(world)
        model = world.batch.model
        hinges = [model.joint(name) for name in self.joints[:MIDDLES]]
        self._hinges = np.array([hinge.qposadr[0] for hinge in hinges])
        self._speeds = np.array([hinge.dofadr[0] for hinge in hinges])
        self._balls = int(model.joint(self.joints[MIDDLES]).qposadr[0])
        self._motion = int(hinges[0].dofadr[0])

    @staticmethod
    def add(spec: Any) -> None:
        half, cut = EDGE / 2, EDGE / 2 - BEVEL
        corners = [
            [side * (half if axis == long else cut) for axis, side in enumerate(sides)]
            for sides in itertools.product((-1, 1), repeat=3)
            for long in range(3)
        ]
        spec.add_mesh(name="cubelet", uservert=np.ravel(corners))
        middle = free_body(spec)
        each = MASS / (CUBELETS + 1)
        middle.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[half, 0, 0], mass=each, contype=0, conaffinity=0, group=4
        )
        joint = {"damping": DAMPING, "armature": ARMATURE}
        # All cubelets touch: to look for parts that do not takes time and finds none.
        spec.option.disableflags |= mujoco.mjtDisableBit.mjDSBL_ISLAND.value
        for i, place in enumerate(PLACES):
            body = middle.add_body(name=f"cubelet:{i}")
            body.simple = 0
            if i < MIDDLES:
                kind: dict[str, Any] = {"type": mujoco.mjtJoint.mjJNT_HINGE, "axis": NORMALS[i].tolist()}
                kind["frictionloss"] = PER_FACE * FRICTION_LOSS
            else:
                kind = {"type": mujoco.mjtJoint.mjJNT_BALL}
            body.add_joint(name=f"cubelet:{i}:joint", **kind, **joint)
            body.add_geom(
                name=f"cubelet:{i}",
                type=mujoco.mjtGeom.mjGEOM_MESH,
                meshname="cubelet",
                pos=(place * PITCH).tolist(),
                mass=each,
                condim=1,
                friction=FRICTION,
                rgba=BLACK,
                group=1,
            )
            for face in np.flatnonzero(NORMALS @ place == 1).tolist():
                sticker(body, "", (place * PITCH + NORMALS[face] * half).tolist(), face)

    def rotation(self, rows: Rows) -> Array:
        return np.asarray(self._qpos[rows][:, self._turned])

    def angles(self, rows: Rows) -> Array:
        return wrapped(self._qpos[rows].take(self._hinges, axis=1))

    def speeds(self, rows: Rows) -> Array:
        return np.asarray(self._qvel[rows].take(self._speeds, axis=1))

    def state(self, rows: Rows) -> State:
        qpos = self._qpos[rows]
        quarters = (qpos.take(self._hinges, axis=1) / (np.pi / 2)).round().astype(np.int64) % 4
        middles = _QUARTERS[np.arange(MIDDLES), quarters]
        balls = qpos[:, self._balls : self._balls + 4 * (CUBELETS - MIDDLES)]
        others = nearest(balls.reshape(len(qpos), -1, 4))
        return np.concatenate([middles, others], axis=1)

    def put(self, ids: Ids, state: State) -> None:
        quarters = (_QUARTERS[None] == state[:, :MIDDLES, None]).argmax(axis=2)
        self._qpos[np.ix_(ids, self._hinges)] = wrapped(quarters * (np.pi / 2))
        balls = slice(self._balls, self._balls + 4 * (CUBELETS - MIDDLES))
        self._qpos[ids, balls] = parallel()[state[:, MIDDLES:]].reshape(len(ids), -1)
        self._qvel[ids, self._motion :] = 0.0

    def release(self, ids: Ids, face: Ids) -> None:
        """Nothing: all faces can turn."""

    def show(self, data: Any, env: int) -> None:
        """Nothing: stickers are on their cubelets."""
