"""Floors of the transfer tests: open ones, three rooms without doors, a hall to count boxes in."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from framework.sim import Floats, Ids, Streams
from framework_hide_seek.layouts.layout import Layout, Place
from framework_hide_seek.layouts.placing import Places, anywhere
from framework_hide_seek.layouts.props import Props
from framework_hide_seek.layouts.rooms import FRICTION
from framework_hide_seek.layouts.walls import around, wall
from framework_hide_seek.scene import BOX, FLOOR, INNER

#: Share of the floor's side, in its middle, that sites and a cylinder are within.
SITES, CYLINDER = 0.85, 0.7


def _middle(share: float) -> tuple[float, float]:
    """Least and greatest coordinates of the middle of the floor."""
    return FLOOR * (1 - share) / 2, FLOOR * (1 + share) / 2


def _open(streams: Streams, ids: Ids, config: Any, props: Props, taken: Any) -> Layout:
    walls = np.broadcast_to(around(), (len(ids), 4, 6))
    marks = partial(taken, streams=streams, ids=ids, config=config)
    return anywhere(streams, ids, walls, props, (1,), taken=marks)


def _sites(places: Places, streams: Streams, ids: Ids, config: Any) -> Floats:
    """`config.fewest_sites` to `config.sites` squares as large as boxes."""
    k = len(ids)
    draw = streams.uniform(ids, 0.0, 1.0, 1)[:, 0]
    count = config.fewest_sites + np.floor(draw * (config.sites - config.fewest_sites + 1))
    half, marks = np.full((k, 2), BOX), np.full((k, config.sites, 3), BOX)
    for i in range(config.sites):
        marks[:, i, :2] = places.put(half, *_middle(SITES), there=i < count)
    marks[np.arange(config.sites) >= count[:, None]] = np.nan
    return marks


def _cylinder(places: Places, streams: Streams, ids: Ids, config: Any) -> Floats:
    """One whose diameter is between `config.narrowest` and `config.widest`."""
    radius = streams.uniform(ids, config.narrowest / 2, config.widest / 2, 1)
    marks = np.empty((len(ids), 1, 3))
    marks[:, 0, 2:] = radius
    marks[:, 0, :2] = places.put(np.repeat(radius, 2, axis=1), *_middle(CYLINDER))
    return marks


def three_rooms(streams: Streams, ids: Ids, config: Any, props: Props) -> Layout:
    """One room that takes about half of the floor and two that take about a quarter, none with a door.

    Everything is anywhere, but ramp i is in room i % 3.
    """
    k = len(ids)
    draws = streams.uniform(ids, 0.0, 1.0, 4)
    cut, second = FLOOR * (0.4 + 0.2 * draws[:, 0]), FLOOR * (0.4 + 0.2 * draws[:, 1])
    turned, beyond = draws[:, 2] < 0.5, draws[:, 3] < 0.5
    # A wall at x = cut, and one at y = second on one side of it; x and y change places if it is turned.
    zero, end = np.zeros(k), np.full(k, FLOOR)
    low, high = np.where(beyond, cut, 0.0), np.where(beyond, FLOOR, cut)
    inner = np.stack(
        [
            wall(np.stack([cut, zero], 1), np.stack([cut, end], 1), INNER),
            wall(np.stack([low, second], 1), np.stack([high, second], 1), INNER),
        ],
        axis=1,
    )
    inner[turned] = inner[turned][..., [1, 0, 2, 4, 3, 5]]
    whole = np.stack([np.where(beyond, 0.0, cut), zero, np.where(beyond, cut, FLOOR), end], axis=1)
    rooms = np.stack(
        [whole, np.stack([low, zero, high, second], 1), np.stack([low, second, high, end], 1)], axis=1
    )
    rooms[turned] = rooms[turned][..., [1, 0, 3, 2]]
    walls = np.concatenate([np.broadcast_to(around(), (k, 4, 6)), inner], axis=1)

    def within(thing: int) -> tuple[Floats, Floats] | None:
        ramp = thing - config.boxes
        return None if ramp < 0 else (rooms[:, ramp % 3, :2], rooms[:, ramp % 3, 2:])

    return anywhere(streams, ids, walls, props, (1,), within=within)


#: Where the agent of the hall stands, and where it is turned to: along y; m, rad.
STAND, TURN = (FLOOR / 2, 0.6), np.pi
#: The walls that hide both sides of the hall from it: their y, and half the gap between them; m.
SCREEN, GAP = 2.5, 0.8
#: Rows that boxes wait in, from the first on, and how far from the middle; and where they go; m.
ROW, ROWS, SPREAD, ASIDE = 2.95, 0.55, 0.35, 2.4


def hall(streams: Streams, ids: Ids, config: Any, props: Props) -> Layout:
    """An agent at one end, boxes in the middle of the other, and walls that hide what is on both sides."""
    k, boxes = len(ids), config.boxes
    middle = FLOOR / 2
    screens = np.stack(
        [
            wall((0.0, SCREEN), (middle - GAP, SCREEN), INNER),
            wall((middle + GAP, SCREEN), (FLOOR, SCREEN), INNER),
        ]
    )
    walls = np.broadcast_to(np.concatenate([around(), screens]), (k, 6, 6))
    where = np.empty((k, 1 + boxes, 2))
    where[:, 0] = STAND
    where[:, 1:, 0] = middle + streams.uniform(ids, -SPREAD, SPREAD, boxes)
    where[:, 1:, 1] = ROW + ROWS * np.arange(boxes)
    turns = np.zeros((k, 1 + boxes))
    turns[:, 0] = TURN
    found = np.ones(k, np.bool_)
    return Layout(walls, np.zeros((k, 0, 2)), where, turns, np.zeros((k, 0, 2)), found)


OPEN_WITH_SITES = Place(partial(_open, taken=_sites), walls=4, friction=0.01)
OPEN_WITH_CYLINDER = Place(partial(_open, taken=_cylinder), walls=4, friction=0.01, cylinders=1)
THREE_ROOMS = Place(three_rooms, walls=6, friction=FRICTION)
HALL = Place(hall, walls=6, friction=0.01)
