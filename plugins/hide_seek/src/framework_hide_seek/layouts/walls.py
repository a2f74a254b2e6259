"""Walls as boxes: centres and half sides, for many games at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from framework.sim import Floats
from framework_hide_seek.scene import FLOOR, INNER, OUTER, WALL

#: Gap that a door leaves; m.
DOOR = 0.6


def wall(low: ArrayLike, high: ArrayLike, height: float) -> Floats:
    """A wall between two points of the floor, on a line along an axis.

    Args:
        low: where it begins, m, `(..., 2)`, half its thickness before which it ends.
        high: where it ends, likewise; nowhere below `low`.
        height: m.

    Returns:
        Its centre and its half sides, `(..., 6)`.
    """
    low, high = np.broadcast_arrays(np.asarray(low, np.float64), np.asarray(high, np.float64))
    level = np.full(low.shape[:-1], height / 2)[..., None]
    return np.concatenate([(low + high) / 2, level, (high - low) / 2 + WALL, level], axis=-1)


def around() -> Floats:
    """The four high walls around the floor, `(4, 6)`; their inner faces are its edges."""
    low, high = -WALL, FLOOR + WALL
    corners = [((low, low), (low, high)), ((high, low), (high, high)), ((low, low), (high, low))]
    corners.append(((low, high), (high, high)))
    return np.stack([wall(*corner, OUTER) for corner in corners])


def with_door(low: ArrayLike, high: ArrayLike, middle: Floats, gap: ArrayLike, axis: int) -> Floats:
    """A low wall in two pieces, a door between them.

    Args:
        low: where it begins, `(2)`; m.
        high: where it ends.
        middle: of the door along the wall's axis, from its beginning, `(k)`; m.
        gap: width of the door, `(k)`; 0 for none.
        axis: 0 for a wall along x, 1 for one along y.

    Returns:
        Both pieces, `(k, 2, 6)`.
    """
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    half = np.where(np.asarray(gap) > 0, np.asarray(gap) / 2 + WALL, 0.0)
    ends = np.repeat(low[None], len(middle), axis=0)
    starts = ends.copy()
    ends[:, axis] += middle - half
    starts[:, axis] += middle + half
    return np.stack([wall(low, ends, INNER), wall(starts, high, INNER)], axis=1)
