"""A rigid object made of convex parts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from scipy.spatial import ConvexHull, QhullError  # type: ignore[import-untyped]

from framework.sim.rotations import matrix
from framework_grasp.arrays import Array

Kind: TypeAlias = Literal["box", "cylinder", "sphere", "capsule", "hull"]

_UNTURNED = (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Part:
    """A convex part of an object.

    Attributes:
        kind: of shape; a cone and a part of a mesh are hulls.
        size: m, as MuJoCo takes it: a box's half lengths; the radius of a sphere; the radius and half
            length of a cylinder or capsule, along z, a capsule's without its caps. Of a hull, nothing.
        position: of its origin in the object's frame, m, `(3,)`.
        quaternion: of its rotation in the object's frame, `(4,)`.
        corners: of a hull, in its own frame, m, `(n, 3)`.
    """

    kind: Kind
    size: tuple[float, ...] = ()
    position: tuple[float, ...] = (0.0, 0.0, 0.0)
    quaternion: tuple[float, ...] = _UNTURNED
    corners: Array = field(default_factory=lambda: np.empty((0, 3)), compare=False)

    @cached_property
    def outline(self) -> Array:
        """Points on its surface in its own frame; it is their hull, or nearly if it is round: `(n, 3)`."""
        if self.kind == "hull":
            return self.corners
        if self.kind == "box":
            return np.array(np.meshgrid(*([-1.0, 1.0],) * 3)).reshape(3, -1).T * self.size
        if self.kind == "cylinder":
            radius, half = self.size
            ring = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            disc = np.stack([radius * np.cos(ring), radius * np.sin(ring)], axis=1)
            return np.concatenate([np.insert(disc, 2, z, axis=1) for z in (-half, half)])
        ball = self.size[0] * _directions()
        if self.kind == "sphere":
            return ball
        return np.asarray(ball + np.where(ball[:, 2:] < 0, -1.0, 1.0) * np.array([0, 0, self.size[1]]))

    @property
    def points(self) -> Array:
        """The outline in the object's frame."""
        return np.asarray(self.outline @ matrix(np.array(self.quaternion)).T + np.array(self.position))

    @cached_property
    def volume(self) -> float:
        """In cubic metres.

        Raises:
            ValueError: it is a flat hull.
        """
        if self.kind == "box":
            return float(8 * np.prod(self.size))
        if self.kind == "hull":
            try:
                return float(ConvexHull(self.corners).volume)
            except QhullError as error:
                raise ValueError("a part is flat: it needs a volume") from error
        radius = self.size[0]
        ball = 0.0 if self.kind == "cylinder" else 4 / 3 * np.pi * radius**3
        return float(ball + (0.0 if self.kind == "sphere" else 2 * np.pi * radius**2 * self.size[1]))

    def scaled(self, factor: float) -> Part:
        """With all lengths, its distance from the object's origin too, times `factor`."""
        return replace(
            self,
            size=tuple(factor * length for length in self.size),
            position=tuple(factor * length for length in self.position),
            corners=factor * self.corners,
        )


@dataclass(frozen=True)
class Solid:
    """A rigid object made of convex parts, which may overlap.

    Attributes:
        name: what it is called in datasets, tables and messages.
        parts: at least one.
        mass: kg; shared among the parts by their volumes.
        inertia: factor on the moments of inertia that follow from that.
        scale: how much larger its lengths are than when it was made.
    """

    name: str
    parts: tuple[Part, ...]
    mass: float
    inertia: float = 1.0
    scale: float = 1.0

    @cached_property
    def points(self) -> Array:
        """Points on its surface, of all parts, in its own frame: `(n, 3)` m."""
        return np.concatenate([part.points for part in self.parts])

    @cached_property
    def extent(self) -> Array:
        """Its lengths along its principal axes, the shortest first: `(3,)` m."""
        points = self.points - self.points.mean(axis=0)
        axes = np.linalg.eigh(points.T @ points)[1]
        return np.sort(np.ptp(points @ axes, axis=0))

    def scaled(self, factor: float) -> Solid:
        """Larger by a factor, of the same material: its mass grows by the factor's cube."""
        parts = tuple(part.scaled(factor) for part in self.parts)
        return replace(self, parts=parts, mass=self.mass * factor**3, scale=self.scale * factor)


def _directions(count: int = 120) -> Array:
    """Unit vectors, spread evenly over the sphere: `(count, 3)`."""
    z = 1 - (2 * np.arange(count) + 1) / count
    angle = np.pi * (1 + 5**0.5) * np.arange(count)
    flat = np.sqrt(1 - z * z)
    return np.stack([flat * np.cos(angle), flat * np.sin(angle), z], axis=1)
