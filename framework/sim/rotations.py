"""Rotations as quaternions `(w, x, y, z)`, batched: `(..., 4)`."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_BACK = np.array([1.0, -1.0, -1.0, -1.0])


def conjugate(quaternion: Array) -> Array:
    """The rotations back, of unit quaternions."""
    return np.asarray(quaternion * _BACK)


def product(a: Array, b: Array) -> Array:
    """The rotation `b` followed by `a`."""
    (aw, ax, ay, az), (bw, bx, by, bz) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by + ay * bw + az * bx - ax * bz,
            aw * bz + az * bw + ax * by - ay * bx,
        ],
        axis=-1,
    )


def turn(angle: Array, axis: Array) -> Array:
    """Rotations by `angle`, `(k,)` rad, about `axis`, `(k, 3)` of any length."""
    axis = axis / np.linalg.norm(axis, axis=-1, keepdims=True)
    return np.concatenate([np.cos(angle / 2)[:, None], np.sin(angle / 2)[:, None] * axis], axis=1)


def from_vector(vector: Array) -> Array:
    """Rotations by the length of vectors, `(..., 3)` rad, about them."""
    half = np.linalg.norm(vector, axis=-1, keepdims=True) / 2
    return np.concatenate([np.cos(half), vector / 2 * np.sinc(half / np.pi)], axis=-1)


def matrix(quaternion: Array) -> Array:
    """Rotation matrices `(..., 3, 3)` of quaternions of any length but 0."""
    w, x, y, z = np.moveaxis(quaternion, -1, 0)
    s = 2.0 / (quaternion * quaternion).sum(axis=-1)
    rows = [
        [1 - s * (y * y + z * z), s * (x * y - w * z), s * (x * z + w * y)],
        [s * (x * y + w * z), 1 - s * (x * x + z * z), s * (y * z - w * x)],
        [s * (x * z - w * y), s * (y * z + w * x), 1 - s * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


_SINES, _SIGNS, _COSINES = np.array([5, 2, 1]), np.array([-1.0, 1.0, -1.0]), np.array([8, 8, 0])


def euler_angles(matrices: Array) -> Array:
    """Rotation matrices, `(k, 9)` row by row, as angles about x, y, z, `(k, 3)`; rad.

    The first two angles are about axes that turn along, and signs are those of the published
    observations. Where the second is a right angle the first is set to 0.
    """
    sines = matrices.take(_SINES, axis=1) * _SIGNS
    cosines = matrices.take(_COSINES, axis=1)
    cosines[:, 1] = cosine = np.hypot(sines[:, 0], cosines[:, 0])
    if cosine.min() <= 4 * np.finfo(np.float64).eps:
        locked = cosine <= 4 * np.finfo(np.float64).eps
        sines[locked, 0], cosines[locked, 0] = 0.0, 1.0
        sines[locked, 2], cosines[locked, 2] = matrices[locked, 3], matrices[locked, 4]
    return np.asarray(np.arctan2(sines, cosines))


def euler(quaternion: Array) -> Array:
    """Angles about x, y, z, `(..., 3)` rad; see `euler_angles`."""
    return euler_angles(matrix(quaternion).reshape(-1, 9)).reshape(*quaternion.shape[:-1], 3)


def from_euler(angles: Array) -> Array:
    """Quaternions of angles about x, y, z, each about an axis that turned along: `(..., 3)` rad."""
    a, b, c = np.moveaxis(angles, -1, 0) / 2
    (sa, sb, sc), (ca, cb, cc) = np.sin([a, b, c]), np.cos([a, b, c])
    return np.stack(
        [
            cb * cc * ca - sb * sc * sa,
            cb * cc * sa + sb * sc * ca,
            sb * cc * ca - cb * sc * sa,
            cb * sc * ca + sb * cc * sa,
        ],
        axis=-1,
    )


def without_spin(quaternion: Array, like: Array) -> Array:
    """Rotations turned about their own z axis so far that their third Euler angle is that of `like`."""
    angles = euler(quaternion)
    angles[..., 2] = euler(like)[..., 2]
    return from_euler(angles)


def angle(a: Array, b: Array, shortest: bool) -> Array:
    """Angles between rotations, `(...)` rad.

    Args:
        a: unit quaternions.
        b: likewise.
        shortest: whether q and -q, which are the same rotation, are 0 and not a full turn apart.
    """
    cosine = (a * b).sum(axis=-1)
    cosine = np.minimum(np.abs(cosine), 1.0) if shortest else np.clip(cosine, -1.0, 1.0)
    return np.asarray(2 * np.arccos(cosine))


@cache
def parallel() -> Array:
    """The 24 rotations that make a cube look the same, as quaternions `(24, 4)`."""
    quarter = np.pi / 2
    found: list[tuple[float, ...]] = []
    for angles in itertools.product([0.0, quarter, -quarter, np.pi], repeat=3):
        turns = np.round(euler(from_euler(np.array(angles))) / quarter)
        turns[[0, 2]] = np.where(turns[[0, 2]] == -2, 2, turns[[0, 2]])
        one = tuple(float(number) + 0.0 for number in turns)
        if one not in found:
            found.append(one)
    assert len(found) == 24
    return from_euler(np.array(found) * quarter)
