"""Layouts: where everything is when an episode begins, in many games at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from framework.sim import Flags, Floats, Ids, Streams
from framework_hide_seek.layouts.props import Props


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
        marks: centres and half sides or radii of what a task is about, `(k, marks, 3)`; m. Not a number
            where there is none.
    """

    walls: Floats
    doors: Floats
    where: Floats
    turns: Floats
    food: Floats
    found: Flags
    marks: Floats | None = None

    def rows(self, kept: Flags) -> Layout:
        """Those of some of the games, `(k)`."""
        held: dict[str, Any] = {each.name: getattr(self, each.name) for each in fields(self)}
        some: dict[str, Any] = {name: None if x is None else x[kept] for name, x in held.items()}
        return Layout(**some)


@dataclass(frozen=True)
class Place:
    """A kind of layout, and what the model has to have for it.

    Attributes:
        draw: layouts for games `ids`, of random streams, `ids`, parameters and props.
        walls: that a layout has at most.
        friction: of the walls.
        doors: likewise.
        cylinders: likewise; they stand fast.
    """

    draw: Callable[[Streams, Ids, Any, Props], Layout]
    walls: int
    friction: float
    doors: int = 0
    cylinders: int = 0
