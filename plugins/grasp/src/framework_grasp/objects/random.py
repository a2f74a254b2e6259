"""Invented objects: convex parts of random shapes, each touching an earlier one (Tobin et al. 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.spatial import ConvexHull  # type: ignore[import-untyped]

from framework_grasp.arrays import Array
from framework_grasp.objects.solid import Part, Solid

#: Shapes of parts that are drawn, one as likely as any other.
SHAPES: Final = ("box", "cylinder", "sphere", "capsule", "cone", "hull")
#: The least and greatest number of parts.
PARTS: Final = (1, 15)
#: Sizes of parts relative to one another; the object is rescaled as a whole.
_SIDE: Final = (0.01, 0.15)
#: Of the longest side of an object, m.
_LONGEST: Final = (0.04, 0.24)
#: Of the shortest side, which the hand's opening of 10 cm has to hold, m.
_SHORTEST: Final = (0.01, 0.09)
#: kg.
_MASS: Final = (0.012, 0.5)


def random_solid(seed: int, parts: tuple[int, int] = PARTS, own: Sequence[Array] = ()) -> Solid:
    """The object of a seed; there is no end of them.

    It is called `random/SEED`; with other numbers of parts, or parts of one's own, otherwise: its seed alone
    does not make it again then.

    Args:
        seed: from 0 on; the same number makes the same object.
        parts: the least and greatest number of parts, ends included.
        own: corners, `(n, 3)` m each, of convex parts that are drawn too, as often as all other shapes
            together.
    """
    random = np.random.default_rng([0x6752, seed])
    # Few parts are more likely than many: an object of one is as likely as all of eight and more.
    low, high = parts
    count = int(np.floor(np.exp(random.uniform(np.log(low), np.log(high + 1)))))
    placed: list[Part] = []
    for _ in range(count):
        part = _shape(random, own)
        turn = random.standard_normal(4)
        part = replace(part, quaternion=tuple((turn / np.linalg.norm(turn)).tolist()))
        if placed:
            meeting = _inside(placed[int(random.integers(len(placed)))], random)
            part = replace(part, position=tuple((meeting - _inside(part, random)).tolist()))
        placed.append(part)
    mass = float(np.exp(random.uniform(*np.log(_MASS))))
    kind = "own" if own else "random" if parts == PARTS else f"random_{low}_{high}"
    solid = Solid(f"{kind}/{seed}", tuple(placed), mass, inertia=float(np.exp(random.uniform(-0.4, 0.4))))
    factor = random.uniform(*_LONGEST) / solid.extent[2]
    shortest = solid.extent[0] * factor
    if not _SHORTEST[0] <= shortest <= _SHORTEST[1]:
        factor = random.uniform(*_SHORTEST) / solid.extent[0]
        factor = min(factor, _LONGEST[1] / solid.extent[2])
    parts_now = tuple(part.scaled(factor) for part in solid.parts)
    return replace(solid, parts=parts_now)


def _shape(random: np.random.Generator, own: Sequence[Array]) -> Part:
    """A part of a random shape and size, at the origin."""
    if own and random.random() < 0.5:
        corners = own[int(random.integers(len(own)))]
        corners = corners - corners.mean(axis=0)
        corners = corners / np.ptp(corners, axis=0).max() * random.uniform(*_SIDE)
        return Part("hull", corners=corners)
    shape = SHAPES[int(random.integers(len(SHAPES)))]
    a, b, c = random.uniform(*_SIDE, 3) / 2
    if shape == "box":
        return Part("box", (a, b, c))
    if shape == "sphere":
        return Part("sphere", (a,))
    if shape == "cylinder":
        return Part("cylinder", (a, b))
    if shape == "capsule":
        return Part("capsule", (a, b))
    if shape == "cone":
        return Part("hull", corners=_cone(a, 2 * b, random.uniform(0, 0.7)))
    corners = random.standard_normal((int(random.integers(6, 20)), 3))
    corners *= np.array([a, b, c]) / np.linalg.norm(corners, axis=1, keepdims=True)
    return Part("hull", corners=corners[ConvexHull(corners).vertices])


def _cone(radius: float, height: float, top: float) -> Array:
    """Corners of a cone cut off where its radius is `top` times that of its base: `(n, 3)`."""
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius
    low = np.insert(ring, 2, -height / 2, axis=1)
    high = np.insert(ring * top, 2, height / 2, axis=1) if top > 0.05 else np.array([[0, 0, height / 2]])
    return np.concatenate([low, high])


def _inside(part: Part, random: np.random.Generator) -> Array:
    """A point of a part, mostly near its surface, in the object's frame: `(3,)`."""
    points = part.points
    centre = points.mean(axis=0)
    corner = points[int(random.integers(len(points)))]
    return np.asarray(centre + random.uniform(0.5, 1.0) * (corner - centre))
