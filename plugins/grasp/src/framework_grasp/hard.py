"""Objects that are as large as the hand can just hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from framework_grasp.arrays import Array
from framework_grasp.objects.solid import Solid
from framework_grasp.trials.bench import Bench
from framework_grasp.trials.hand import OPENING

#: An object as large as it can be held leaves so much room between the open pads and its narrow places, m.
ROOM: Final = 0.008
#: Of the widths that it can be held by, so many are narrower.
NARROW: Final = 0.2
#: Nothing longer is seen whole, m.
LONGEST: Final = 0.24
#: Made larger, no object gets heavier than this, kg: one of more than some 900 g the hand lets go anyway.
HEAVIEST: Final = 0.5
#: Lines that the widths are measured on.
LINES: Final = 4000


def enlarged(solid: Solid, friction: float, random: np.random.Generator) -> Solid:
    """An object, as large as the hand can just hold: `hard_scale` times.

    Args:
        solid: the object.
        friction: Coulomb's.
        random: draws a pose, and lines through it.
    """
    factor = hard_scale(solid, friction, random)
    if factor == 1:
        return solid
    larger = solid.scaled(factor)
    return replace(larger, mass=min(larger.mass, max(solid.mass, HEAVIEST)))


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
