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
from framework_grasp.hard import enlarged
from framework_grasp.trials.bench import Bench

#: How far the middle of an object is from the middle of the view, at most, m.
OFFSET: Final = 0.02


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
        sized = solid if scale == "natural" else enlarged(solid, config.friction, random)
        bench = Bench(sized, count, config.friction, config.precision, config.threads)
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
                yield Situation(
                    bench, pose, views(bench, cameras(seen)), solid.name, sized.scale / solid.scale
                )


def _turned(pose: Array, angle: float) -> Array:
    """An object turned about the vertical through its origin."""
    spin = turn(np.array([angle]), np.array([[0.0, 0.0, 1.0]]))
    return np.concatenate([pose[:3], product(spin, pose[None, 3:])[0]])
