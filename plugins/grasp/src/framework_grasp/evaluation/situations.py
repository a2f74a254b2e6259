"""Objects to be grasped: where they lie, and what is seen of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from framework.sim.rotations import product, turn
from framework_grasp.arrays import Array
from framework_grasp.depth import cameras, views
from framework_grasp.evaluation.config import Scale, SuccessConfig
from framework_grasp.evaluation.sets import ObjectSet
from framework_grasp.objects.solid import Solid
from framework_grasp.trials.bench import Bench
from framework_grasp.trials.hand import OPENING

#: An object as large as it can be held leaves so much room between the open pads and its narrow places, m.
ROOM: Final = 0.008
#: Of the widths that it can be held by, so many are narrower.
NARROW: Final = 0.2
#: How far the middle of an object is from the middle of the view, at most, m.
OFFSET: Final = 0.02
#: Nothing longer is seen whole, m.
LONGEST: Final = 0.24
#: Lines that the widths are measured on.
LINES: Final = 4000


@dataclass(frozen=True)
class Situation:
    """An object in a pose.

    Attributes:
        bench: with the object, put in its pose.
        pose: `(7,)`.
        depth: what is seen, `(views, h, w)`, heights in m.
        object: its name.
        scale: extra factor on its lengths.
    """

    bench: Bench
    pose: Array
    depth: NDArray[Any]
    object: str
    scale: float


def situations(
    objects: ObjectSet, scale: Scale, count: int, seen: int, config: SuccessConfig
) -> Iterator[Situation]:
    """Put objects down, one after another.

    Args:
        objects: which, and in how many ways.
        scale: how large.
        count: simulations of each bench.
        seen: depth views.
        config: friction, precision, threads and seed.

    Yields:
        A situation for each that comes to rest; one whose object does not is left out.
    """
    for number, solid in enumerate(objects.solids):
        random = np.random.default_rng([config.seed, *objects.name.encode(), number])
        factor = 1.0 if scale == "natural" else hard_scale(solid, config.friction, random)
        larger = solid if factor == 1 else solid.scaled(factor)
        bench = Bench(larger, count, config.friction, config.precision, config.threads)
        for _ in range(objects.poses):
            rest = bench.rest(random)
            if rest is None:
                continue
            first = random.uniform(0, 2 * np.pi)
            for quarter in range(objects.rotations):
                pose = _turned(rest, first + 2 * np.pi * quarter / objects.rotations)
                bench.put(pose)
                points = bench.points()
                pose[:2] -= (points.min(axis=0) + points.max(axis=0))[:2] / 2
                pose[:2] += random.uniform(-OFFSET, OFFSET, 2)
                bench.put(pose)
                yield Situation(bench, pose, views(bench, cameras(seen)), solid.name, factor)


def _turned(pose: Array, angle: float) -> Array:
    """An object turned about the vertical through its origin."""
    spin = turn(np.array([angle]), np.array([[0.0, 0.0, 1.0]]))
    return np.concatenate([pose[:3], product(spin, pose[None, 3:])[0]])


def hard_scale(solid: Solid, friction: float, random: np.random.Generator) -> float:
    """The factor that makes an object as large as the hand can just hold; 1 or more.

    A fifth of the widths between antipodal points is then narrower than the open hand, with 8 mm of
    room, unless the object gets longer than 24 cm before.
    """
    bench = Bench(solid, 1, friction, "coarse")
    pose = bench.rest(random)
    if pose is None:
        return 1.0
    bench.put(pose)
    width = _widths(bench, random, friction)
    if not len(width):
        return 1.0
    narrow = float(np.quantile(width, NARROW))
    return max(1.0, min((OPENING - ROOM) / narrow, LONGEST / float(solid.extent[2])))


def _widths(bench: Bench, random: np.random.Generator, friction: float) -> Array:
    """Of the object, between points where level pads would hold it: `(n,)` m."""
    points = bench.points()
    low, high = points.min(axis=0), points.max(axis=0)
    through, yaw = random.uniform(low, high, (LINES, 3)), random.uniform(-np.pi, np.pi, LINES)
    axis = np.stack([-np.sin(yaw), np.cos(yaw), np.zeros(LINES)], axis=1)
    reach = float(np.linalg.norm(high - low))
    met = [bench.rays(through - side * reach * axis, side * axis) for side in (1, -1)]
    facing = [-side * np.einsum("ij,ij->i", met[i][1], axis) for i, side in enumerate((1, -1))]
    held = np.minimum(*facing) >= 1 / np.hypot(1, friction)
    width = 2 * reach - met[0][0] - met[1][0]
    return np.asarray(width[held & np.isfinite(width)])
