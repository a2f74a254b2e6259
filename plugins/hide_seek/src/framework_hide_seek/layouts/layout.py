"""Layout: where everything is when an episode begins, in many games at once."""

from __future__ import annotations

from dataclasses import dataclass

from framework.sim import Flags, Floats


@dataclass(frozen=True)
class Layout:
    """Layouts of `k` games.

    Attributes:
        walls: centres and half sides, `(k, walls, 6)`; m.
        where: where on the floor agents, boxes and ramps are, `(k, bodies, 2)`; m.
        turns: how they are turned, `(k, bodies)`; rad.
        found: whether there was a place for all, `(k)`; else the layout means nothing.
    """

    walls: Floats
    where: Floats
    turns: Floats
    found: Flags
