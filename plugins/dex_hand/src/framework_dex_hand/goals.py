"""Rotations that objects are to be turned to: about the vertical, with any face up, or in any way."""

from __future__ import annotations

from functools import cache

import numpy as np

from framework.errors import UserError
from framework.sim import Ids, Streams
from framework.sim.rotations import Array, conjugate, product, turn

X, Y, Z = np.eye(3)[:, None]


class Goals:
    """Draws goals of one kind for one object.

    Args:
        thing: "block", "prism" or "sphere".
        kind: "z", "parallel" or "full".

    Raises:
        UserError: a sphere has no faces to be parallel.
    """

    def __init__(self, thing: str, kind: str) -> None:
        if kind == "parallel" and thing == "sphere":
            raise UserError("goal: a sphere has no faces that could be up\n  use goal: z or goal: full")
        self.kind = kind
        self.faces = faces(thing) if kind == "parallel" else faces("sphere")

    def draw(self, streams: Streams, ids: Ids, turned: Array, least: float, most: float) -> Array:
        """Draw goals `(k, 4)` for objects that are turned like this.

        Args:
            streams: to draw from.
            ids: which of them, `(k,)`.
            turned: rotations of the objects, `(k, 4)`.
            least: turn that is needed at least; with goals about the vertical what is left of it
                without the tilt, and without the change of faces. Rad.
            most: at most; rad.
        """
        unit = streams.uniform(ids, 0.0, 1.0, 3).T
        if self.kind == "full":
            return product(turn(uniform_angles(unit[0], least, most), streams.normal(ids, 3)), turned)
        angle = least + (most - least) * unit[0]
        heading = self._heading(turned) + np.where(unit[1] < 0.5, angle, -angle)
        return product(turn(heading, Z), self.faces[(unit[2] * len(self.faces)).astype(np.intp)])

    def anywhere(self, streams: Streams, ids: Ids) -> Array:
        """Draw rotations of the kind `(k, 4)`, however far they are."""
        same = np.tile([1.0, 0.0, 0.0, 0.0], (len(ids), 1))
        return self.draw(streams, ids, same, 0.0, np.pi)

    def _heading(self, turned: Array) -> Array:
        """How far objects are turned about the vertical, once their upper face is level; `(k,)` rad."""
        from_faces = product(turned[:, None], conjugate(self.faces))
        # Of the rotations that level an upper face the one that needs the least tilt.
        level = (from_faces[..., 0] ** 2 + from_faces[..., 3] ** 2).argmax(axis=1)
        found = from_faces[np.arange(len(turned)), level]
        return np.asarray(2 * np.arctan2(found[:, 3], found[:, 0]))


@cache
def faces(thing: str) -> Array:
    """One rotation for each face of an object that puts it up, `(k, 4)`; a sphere has one, none."""
    upright = turn(np.array([0.0, np.pi]), X)
    if thing == "sphere":
        return upright[:1]
    on_its_side = turn(np.array([np.pi / 2]), Y)
    sides = {"block": 4, "prism": 8}[thing]
    return np.concatenate([upright, product(on_its_side, turn(np.arange(sides) * 2 * np.pi / sides, Z))])


def uniform_angles(unit: Array, least: float, most: float) -> Array:
    """Angles of rotations uniform over SO(3), of those from `least` to `most` rad.

    Their density is proportional to 1 - cos(angle) (Miles 1965, On random rotations in R^3).

    Args:
        unit: uniform in [0, 1), `(k,)`.
        least: of the range; rad.
        most: of it; rad, at most pi.
    """
    angle = np.linspace(least, most, 1025)
    below, above = _below(least), _below(most)
    return np.interp(below + unit * (above - below), _below(angle), angle)


def _below(angle: Array | float) -> Array:
    return np.asarray(angle - np.sin(angle))
