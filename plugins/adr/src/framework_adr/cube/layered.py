"""The cube as three layers, of which the outer two turn: many times as fast."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.sim import Ids, Rows, World
from framework.sim.engine import mujoco
from framework.sim.rotations import Array, conjugate, from_vector, matrix, product
from framework_adr.cube.cube import (
    ARMATURE,
    BLACK,
    COLOURS,
    DAMPING,
    EDGE,
    FRICTION,
    FRICTION_LOSS,
    MASS,
    OPPOSITE,
    PER_FACE,
    PITCH,
    Cube,
    free_body,
    sticker,
    wrapped,
)
from framework_adr.cube.group import FACELETS, NORMALS, State, facelets, moved, solved

#: From the cube's frame to that of the layers, which lie one on another along z, when faces U and D, R and L,
#: or F and B are the outer ones.
FRAMES = from_vector(np.array([[0.0, 0, 0], [0, -1, 0], [-1, 0, 0]]) * (np.pi / 2))
_QUARTER = np.pi / 2
#: The face that each of the 54 facelets is on.
FACELET_FACE = np.arange(len(FACELETS)) // 9


class LayeredCube(Cube):
    """Three boxes, one on another, along the axis of the faces that may turn in a simulation.

    A cube whose faces are in line is the same three boxes along any axis: to let other faces turn, all
    that changes is how the boxes are taken to lie in the cube, which is remembered here. What is left of
    turns about the old axis is rounded to quarters then, which moves the outer layers by as much.
    """

    bodies = ("object", "layer:0", "layer:1")
    joints = ("layer:0:joint", "layer:1:joint")
    sized = True

    def __init__(self, world: World) -> None:
        super().__init__(world)
        model = world.batch.model
        hinges = [model.joint(name) for name in self.joints]
        self._hinges = np.array([hinge.qposadr[0] for hinge in hinges])
        self._speeds = np.array([hinge.dofadr[0] for hinge in hinges])
        #: Which of `FRAMES`, and the states before what the hinges have turned since.
        self._axis = world.remember("cube/axis", np.zeros(len(world), np.intp))
        self._before = world.remember("cube/before", solved(len(world)))

    @staticmethod
    def add(spec: Any) -> None:
        middle = free_body(spec)
        joint = {"damping": DAMPING, "frictionloss": FRICTION_LOSS, "armature": ARMATURE}
        for number, height in ((None, 0), (0, 1), (1, -1)):
            body = middle if number is None else middle.add_body(name=f"layer:{number}")
            if number is not None:
                body.simple = 0
                body.add_joint(
                    name=f"layer:{number}:joint",
                    type=mujoco.mjtJoint.mjJNT_HINGE,
                    axis=[0, 0, height],
                    **{name: PER_FACE * value for name, value in joint.items()},
                )
            wide = PITCH + EDGE / 2
            body.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX,
                size=[wide, wide, EDGE / 2],
                pos=[0, 0, height * PITCH],
                mass=MASS / 3,
                condim=1,
                friction=FRICTION,
                rgba=BLACK,
                group=1,
                # Layers do not touch each other.
                contype=0,
                conaffinity=1,
            )
        layers = {0: middle, 1: spec.body("layer:0"), -1: spec.body("layer:1")}
        for number, (place, face) in enumerate(zip(FACELETS, FACELET_FACE, strict=True)):
            at = place * PITCH + NORMALS[face] * (EDGE / 2)
            sticker(layers[int(place[2])], f"sticker:{number}", at.tolist(), int(face))

    def _frames(self, rows: Rows) -> Array:
        return np.asarray(FRAMES[self._axis[rows]])

    def rotation(self, rows: Rows) -> Array:
        return product(self._qpos[rows][:, self._turned], self._frames(rows))

    def _spread(self, values: Array, rows: Rows) -> Array:
        """Numbers of the two hinges `(k, 2)` as those of all faces, `(k, 6)`; 0 for the others."""
        axis = self._axis[rows]
        every = np.zeros((len(values), 2 * OPPOSITE))
        all_rows = np.arange(len(values))
        every[all_rows, axis], every[all_rows, axis + OPPOSITE] = values.T
        return every

    def angles(self, rows: Rows) -> Array:
        return self._spread(wrapped(self._qpos[rows].take(self._hinges, axis=1)), rows)

    def speeds(self, rows: Rows) -> Array:
        return self._spread(self._qvel[rows].take(self._speeds, axis=1), rows)

    def state(self, rows: Rows) -> State:
        quarters = (self._qpos[rows].take(self._hinges, axis=1) / _QUARTER).round().astype(np.int64)
        state, axis = self._before[rows], self._axis[rows]
        for number in range(2):
            state = moved(state, axis + number * OPPOSITE, -quarters[:, number])
        return state

    def put(self, ids: Ids, state: State) -> None:
        self._reframe(ids, np.zeros(len(ids), np.intp))
        self._before[ids] = state

    def release(self, ids: Ids, face: Ids) -> None:
        other = self._axis[ids] != face % OPPOSITE
        if other.any():
            ids, axis = ids[other], face[other] % OPPOSITE
            self._before[ids] = self.state(ids)
            self._reframe(ids, axis)

    def _reframe(self, ids: Ids, axis: Ids) -> None:
        """Put the layers in line along another axis of a cube that stays as it is."""
        change = product(self._frames(ids), conjugate(FRAMES[axis]))
        self._qpos[ids, self._turned] = product(self._qpos[ids, self._turned], change)
        # Angular velocity is in the frame of the layers.
        spin = self._qvel[ids, self._spin]
        self._qvel[ids, self._spin] = (matrix(conjugate(change)) @ spin[:, :, None])[:, :, 0]
        self._axis[ids] = axis
        self._qpos[np.ix_(ids, self._hinges)] = 0.0
        self._qvel[np.ix_(ids, self._speeds)] = 0.0

    def show(self, data: Any, env: int) -> None:
        """Colour stickers as they are seen from the frame of the layers, before hinges turned."""
        one = np.array([env])
        inverse = matrix(conjugate(self._frames(one))[0]).round().astype(np.int64)
        colours = facelets(self._before[one])[0] // 9
        for number, (place, normal) in enumerate(
            zip(FACELETS @ inverse.T, NORMALS[FACELET_FACE] @ inverse.T, strict=True)
        ):
            same = (place == FACELETS).all(axis=1) & (NORMALS[FACELET_FACE] == normal).all(axis=1)
            data.model.geom(f"sticker:{number}").rgba = COLOURS[colours[int(same.argmax())]]
