"""Grasps by rule from the view from above, without anything learned."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from framework_grasp.arrays import Array
from framework_grasp.depth import LOW, grid
from framework_grasp.proposals import CLEARANCE

#: How deep the tips of the fingers reach below the top at the middle, m.
DEEP: Final = 0.035


def principal_axes(above: NDArray[Any]) -> Array:
    """Grasp the middle of what is seen, closing along its shorter axis: `(4,)`.

    Args:
        above: the view from above, `(h, w)`, heights in m.
    """
    points, heights = seen(above)
    if len(points) < 3:
        return np.array([0.0, 0.0, CLEARANCE, 0.0])
    middle = points.mean(axis=0)
    axes = np.linalg.eigh(np.cov((points - middle).T))[1]
    short = axes[:, 0]
    # The hand closes along (-sin yaw, cos yaw).
    yaw = np.arctan2(-short[0], short[1])
    near = np.linalg.norm(points - middle, axis=1).argsort()[:9]
    z = max(CLEARANCE, float(np.median(heights[near])) - DEEP)
    return np.array([*middle, z, (yaw + np.pi / 2) % np.pi - np.pi / 2])


def uniform(above: NDArray[Any], count: int, random: np.random.Generator, dimensions: int) -> Array:
    """Grasps from above, anywhere in the box around what is seen: `(count, dimensions)`."""
    points, heights = seen(above)
    if not len(points):
        points, heights = np.zeros((1, 2)), np.full(1, CLEARANCE)
    found = np.zeros((count, dimensions))
    found[:, :2] = random.uniform(points.min(axis=0), points.max(axis=0), (count, 2))
    found[:, 2] = random.uniform(CLEARANCE, max(CLEARANCE, float(heights.max())), count)
    found[:, 3] = random.uniform(-np.pi / 2, np.pi / 2, count)
    return found


def seen(above: NDArray[Any]) -> tuple[Array, Array]:
    """Places `(n, 2)` m and heights `(n,)` m of the pixels that show an object."""
    row, column = np.nonzero(above > LOW)
    at = grid(len(above))
    return np.stack([at[column], at[::-1][row]], axis=1), above[row, column].astype(np.float64)
