"""Depth views of an object, by rays.

A view is parallel: its pixels look along one direction. The value of a pixel is the height, m, of what is
seen above the plane through the scene's origin that is perpendicular to this direction; 0 where nothing is
seen, nan where nothing is measured. So the first view, from above, is a map of heights above the table.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from framework.sim.rotations import from_vector, matrix
from framework_grasp.arrays import Array
from framework_grasp.trials.bench import Bench

#: Pixels along each side of a view.
PIXELS: Final = 128
#: Length of each side of what is seen, m.
SIDE: Final = 0.32
#: What is higher than this is object and not table, m.
LOW: Final = 0.004
#: How far the other views look down, rad: half way between from the side and from above.
_ELEVATION: Final = np.pi / 4
_FAR: Final = 1.0


def cameras(count: int) -> Array:
    """Axes of views, `(count, 3, 3)`: the rows of each are right, up and towards the camera.

    The first looks down, with x to the right and y up. The others stand around the scene at equal angles.
    """
    found = [np.eye(3)]
    for number in range(count - 1):
        angle = 2 * np.pi * number / (count - 1)
        right = np.array([-np.sin(angle), np.cos(angle), 0])
        out = np.array([np.cos(angle), np.sin(angle), 0])
        back = np.cos(_ELEVATION) * out + np.sin(_ELEVATION) * np.array([0, 0, 1.0])
        found.append(np.stack([right, np.cross(back, right), back]))
    return np.stack(found)


def grid(pixels: int = PIXELS) -> Array:
    """Positions of the pixels' centres along a side, m, from -SIDE / 2 on: `(pixels,)`."""
    return np.asarray(((np.arange(pixels) + 0.5) / pixels - 0.5) * SIDE)


def views(bench: Bench, axes: Array) -> Array:
    """Look at the object where it was put in the bench's first simulation.

    Args:
        bench: with the object.
        axes: of the views, as `cameras` makes them: `(n, 3, 3)`.

    Returns:
        `(n, PIXELS, PIXELS)` m. Rows go from the top of a view down, columns from left to right:
        in the first view pixel (i, j) is at x = grid()[j], y = grid()[-1 - i].
    """
    points = bench.points()
    found = np.zeros((len(axes), PIXELS * PIXELS))
    column, row = np.meshgrid(grid(), grid()[::-1])
    flat = np.stack([column.ravel(), row.ravel()], axis=1)
    for view, (right, up, back) in enumerate(axes):
        across = points @ np.stack([right, up], axis=1)
        # Rays that pass the object by are not cast.
        near = ((flat >= across.min(axis=0)) & (flat <= across.max(axis=0))).all(axis=1)
        if not near.any():
            continue
        origins = flat[near] @ np.stack([right, up]) + _FAR * back
        distance, _ = bench.rays(origins, -back)
        found[view, near] = np.nan_to_num(_FAR - distance, nan=0.0)
    return found.reshape(len(axes), PIXELS, PIXELS)


def tilted(axes: Array, deviation: float, random: np.random.Generator) -> Array:
    """Cameras turned a little about random axes: by normally distributed rotation vectors, rad."""
    turns = matrix(from_vector(deviation * random.standard_normal((len(axes), 3))))
    return np.asarray(axes @ turns)


def unreliable(depth: Array, noise: float, missing: float, random: np.random.Generator) -> Array:
    """What a sensor makes of depth views.

    Args:
        depth: heights, m.
        noise: its standard deviation in each pixel, m.
        missing: share of pixels that are not measured; nan.
        random: draws both.
    """
    noisy = depth + noise * random.standard_normal(depth.shape)
    return np.where(random.random(depth.shape) < missing, np.nan, noisy)
