"""Random masks to learn inpainting with; 1 is kept, 0 is to be filled in.

The paper erases "random regions" (section 4.1) and says no more of them.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

#: Line segments of a free stroke.
_SEGMENTS = 5
#: Random numbers a mask is made of.
_NUMBERS = 2 + 2 * (_SEGMENTS + 1) + 1


def random_masks(n: int, size: int, generator: torch.Generator, *, everything: float = 0.1) -> Tensor:
    """Draw masks: boxes, free strokes, half planes, and frames around what is kept, alike often.

    Each hides at least one pixel, and keeps one unless it hides everything.

    Args:
        n: how many.
        size: width and height in pixels, at least 8.
        generator: on the CPU; the only source of randomness. Each mask takes as many numbers.
        everything: share of masks that keep nothing, 0 ... 1.

    Returns:
        `(n, 1, size, size)` float32, 0 or 1.
    """
    numbers = torch.rand(n, _NUMBERS, generator=generator)
    grid = (torch.arange(size) + 0.5) / size
    x, y = grid[None, None, :], grid[None, :, None]
    masks = torch.zeros(n, size, size)
    kinds = (_boxes, _strokes, _half_planes, _frames)
    chosen = (numbers[:, 0] * len(kinds)).long()
    for kind, hidden in enumerate(kinds):
        rows = torch.nonzero((chosen == kind) & (numbers[:, 1] >= everything))[:, 0]
        if len(rows):
            masks[rows] = 1 - hidden(numbers[rows, 2:], x, y, size).float()
    return masks[:, None]


def _boxes(u: Tensor, x: Tensor, y: Tensor, size: int) -> Tensor:
    """One box or two, anywhere; sides of 0.2 to 0.7."""
    first = _box(u[:, :4], x, y)
    second = _box(u[:, 4:8], x, y) & (u[:, 8, None, None] < 0.5)
    return first | second


def _box(u: Tensor, x: Tensor, y: Tensor) -> Tensor:
    u = u[:, :, None, None]
    width, height = 0.2 + 0.5 * u[:, 0], 0.2 + 0.5 * u[:, 1]
    left, top = u[:, 2] * (1 - width), u[:, 3] * (1 - height)
    return (x >= left) & (x < left + width) & (y >= top) & (y < top + height)


def _strokes(u: Tensor, x: Tensor, y: Tensor, size: int) -> Tensor:
    """A line through random points, 1.5 pixels to 0.2 thick."""
    points = u[:, : 2 * (_SEGMENTS + 1)].reshape(len(u), -1, 2)
    thinnest = 0.75 / size  # half of it: a pixel's centre is nowhere farther away
    reach = (thinnest + u[:, -1] * max(0.0, 0.1 - thinnest))[:, None, None]
    hidden = torch.zeros(len(u), x.shape[-1], y.shape[-2], dtype=torch.bool)
    for start, end in zip(points.unbind(1)[:-1], points.unbind(1)[1:], strict=True):
        along = end - start
        from_x, from_y = x - start[:, 0, None, None], y - start[:, 1, None, None]
        dx, dy = along[:, 0, None, None], along[:, 1, None, None]
        nearest = ((from_x * dx + from_y * dy) / (dx * dx + dy * dy).clamp(min=1e-12)).clamp(0, 1)
        hidden |= (from_x - nearest * dx) ** 2 + (from_y - nearest * dy) ** 2 <= reach**2
    return hidden


def _half_planes(u: Tensor, x: Tensor, y: Tensor, size: int) -> Tensor:
    """One side of a line in any direction, at most 0.3 off the centre."""
    angle, offset = (2 * math.pi * u[:, 0])[:, None, None], (0.6 * u[:, 1] - 0.3)[:, None, None]
    return (x - 0.5) * angle.cos() + (y - 0.5) * angle.sin() > offset


def _frames(u: Tensor, x: Tensor, y: Tensor, size: int) -> Tensor:
    """All but a box around the centre with sides of 0.3 to 0.8: outpainting."""
    half = (0.15 + 0.25 * u[:, :2])[:, :, None, None]
    return ((x - 0.5).abs() > half[:, 0]) | ((y - 0.5).abs() > half[:, 1])
