"""Layout: where everything is when an episode begins, in many games at once."""

from __future__ import annotations

from dataclasses import dataclass

from framework.sim import Flags, Floats


@dataclass(frozen=True)
class Layout:
    """Layouts of `k` games.

    Attributes:
        walls: centres and half sides, `(k, walls, 6)`; m. Those of no size are not there.
        doors: their middles, `(k, doors, 2)`; m. Not a number where there is none.
        where: where on the floor agents, boxes and ramps are, `(k, bodies, 2)`; m.
        turns: how they are turned, `(k, bodies)`; rad.
        food: where it is, `(k, food, 2)`; m.
        found: whether there was a place for all, `(k)`; else the layout means nothing.
    """

    walls: Floats
    doors: Floats
    where: Floats
    turns: Floats
    food: Floats
    found: Flags
