"""How an object can lie on a table."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import ConvexHull  # type: ignore[import-untyped]

from framework.sim.rotations import turn
from framework_grasp.arrays import Array

#: Faces whose normals are closer than this, as a cosine, count as one.
_FLAT = np.cos(np.radians(2.0))


class Rests(NamedTuple):
    """Ways to lie.

    Attributes:
        quaternion: rotations of the object, `(n, 4)`.
        height: of its origin above the table, m, `(n,)`.
        likelihood: of each when it falls at random, `(n,)`; adds up to 1.
    """

    quaternion: Array
    height: Array
    likelihood: Array


def rests_of(points: Array, centre: Array) -> Rests:
    """The faces of an object's convex hull that it can stand on: those above which its weight acts.

    Args:
        points: whose hull it has, `(n, 3)` m.
        centre: of its mass, `(3,)` m.

    Returns:
        At least one: an object always rests on the face that is nearest to its centre.
    """
    hull = ConvexHull(points)
    normals, offsets = hull.equations[:, :3], hull.equations[:, 3]
    distance = -(normals @ centre + offsets)
    corners = points[hull.simplices] - centre
    left = np.ones(len(normals), np.bool_)
    found: list[tuple[Array, float, float]] = []
    # From the nearest face on, so that the faces of a rounded side are counted with the nearest of them.
    for face in np.argsort(distance):
        if not left[face]:
            continue
        same = left & (normals @ normals[face] > _FLAT)
        left &= ~same
        if _above(corners[same].reshape(-1, 3), normals[face]):
            angle = float(_solid_angle(corners[same]).sum())
            found.append((normals[face], float(distance[face]), angle))
    axes = np.array([normal for normal, _, _ in found])
    turns = _down(axes)
    likelihood = np.array([angle for _, _, angle in found])
    # The centre is so high above the face it stands on, and the origin above or below the centre.
    origin = np.array([far for _, far, _ in found]) + axes @ centre
    return Rests(turns, origin, likelihood / likelihood.sum())


def _above(corners: Array, normal: Array) -> bool:
    """Whether the origin, along the normal, is over a face with these corners."""
    side = np.cross(normal, [1.0, 0, 0] if abs(normal[0]) < 0.9 else [0, 1.0, 0])
    flat = corners @ np.stack([side, np.cross(normal, side)], axis=1)
    angle = np.sort(np.arctan2(flat[:, 1], flat[:, 0]))
    gaps = np.diff(np.append(angle, angle[0] + 2 * np.pi))
    return bool(gaps.max() < np.pi)


def _solid_angle(triangles: Array) -> Array:
    """That triangles `(n, 3, 3)` take up, seen from the origin: `(n,)` sr."""
    a, b, c = np.moveaxis(triangles, 1, 0)
    la, lb, lc = (np.linalg.norm(each, axis=1) for each in (a, b, c))
    volume = np.abs(np.einsum("ij,ij->i", a, np.cross(b, c)))
    below = la * lb * lc
    for (x, y), length in (((a, b), lc), ((a, c), lb), ((b, c), la)):
        below = below + np.einsum("ij,ij->i", x, y) * length
    return np.asarray(2 * np.arctan2(volume, below))


def _down(normals: Array) -> Array:
    """Quaternions that turn normals `(n, 3)` to point down."""
    axis = np.cross(normals, [0.0, 0.0, -1.0])
    along = np.linalg.norm(axis, axis=1) < 1e-9
    axis[along] = [1.0, 0.0, 0.0]
    return turn(np.arccos(np.clip(-normals[:, 2], -1, 1)), axis)
