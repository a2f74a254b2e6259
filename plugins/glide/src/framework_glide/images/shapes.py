"""Draws scenes: shapes by their signed distance, averaged over the area of each pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from framework_glide.images.scenes import Scenes
from framework_glide.images.vocabulary import SHAPES

Floats = NDArray[np.float32]

#: Scenes are drawn at this many pixels at least and averaged from there, so that the mean of a
#: picture's pixels is the smaller picture of the same scene.
_DRAWN = 64
#: Scenes drawn at once; as many as stay in a processor's cache.
_CHUNK = 32


def render(scenes: Scenes, size: int) -> NDArray[np.uint8]:
    """Draw each scene.

    Args:
        scenes: what to draw.
        size: width and height of the pictures.

    Returns:
        `(n, size, size, 3)` RGB.
    """
    pictures = np.empty((len(scenes), size, size, 3), np.uint8)
    covered = np.zeros((2, len(scenes), size, size), np.float32)
    for place in range(2):
        for shape, name in enumerate(SHAPES):
            there = np.flatnonzero((scenes.shape[:, place] == shape) & (scenes.count > place))
            for rows in np.array_split(there, -(-len(there) // _CHUNK) or 1):
                if len(rows):
                    centre, radius = scenes.centre[rows, place], scenes.radius[rows, place]
                    covered[place, rows] = coverage(name, centre, radius, size)
    for start in range(0, len(scenes), _CHUNK):
        part = slice(start, start + _CHUNK)
        # Objects never overlap, so averages of what each one covers can be mixed.
        background = scenes.background[part, None, None].astype(np.float32)
        mixed = background + np.float32(0.5)
        for place in range(2):
            paint = scenes.paint[part, place, None, None].astype(np.float32)
            mixed = mixed + covered[place, part, ..., None] * (paint - background)
        pictures[part] = mixed  # cut off, so rounded by the half above
    return pictures


def coverage(shape: str, centre: NDArray[np.float64], radius: NDArray[np.float64], size: int) -> Floats:
    """The share of each pixel that a shape covers.

    Args:
        shape: one of `SHAPES`.
        centre: `(n, 2)`, x and y in 0 ... 1.
        radius: `(n,)`, in shares of the width.
        size: width and height in pixels.

    Returns:
        `(n, size, size)`, 0 ... 1.
    """
    factor = -(-_DRAWN // size)
    drawn = size * factor
    grid = (np.arange(drawn) + 0.5) / drawn
    away = ((grid - centre[:, :, None]) * drawn).astype(np.float32)
    x, y = away[:, 0, None, :], away[:, 1, :, None]
    r = (radius * drawn).astype(np.float32)[:, None, None]
    inside = np.clip(0.5 - _distance(shape, x, y, r), 0, 1)
    blocks = inside.reshape(len(inside), size, factor, size, factor)
    averaged: Floats = blocks.mean(axis=(2, 4))
    return averaged


def _distance(shape: str, x: Floats, y: Floats, r: Floats) -> Floats:
    """Signed distance to the outline in pixels, negative inside; exact but near corners outside."""
    x = np.abs(x)
    distance: Floats
    if shape == "circle":
        distance = np.sqrt(x * x + y * y) - r
    elif shape == "square":
        distance = np.maximum(x, np.abs(y)) - np.float32(0.9) * r
    elif shape == "triangle":
        # Isosceles with the apex up, as high and as wide as 2r; sides have the normal (2, -1).
        slope = np.float32(5**-0.5)
        distance = np.maximum(y - r, (2 * slope) * x - slope * (y + r))
    else:
        y, arm = np.abs(y), np.float32(0.34) * r
        distance = np.minimum(np.maximum(x - r, y - arm), np.maximum(x - arm, y - r))
    return distance
