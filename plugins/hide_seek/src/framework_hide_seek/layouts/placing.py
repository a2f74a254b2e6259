"""Put things where nothing is: rectangles drawn until they touch no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from framework.sim import Flags, Floats, Ids, Streams
from framework_hide_seek.layouts.layout import Layout
from framework_hide_seek.layouts.props import Props
from framework_hide_seek.scene import FLOOR, WIDE

#: Places tried for one thing.
TRIES = 40
#: Least space between things; m.
GAP = 0.01
#: How far from the first of their team agents are at most; m.
TOGETHER = 0.5


class Places:
    """Rectangles that are taken, in games `ids`; positions and half sides are m.

    Args:
        streams: to draw from, one for each game.
        ids: the games, `(k)`.
        walls: centres and half sides, `(k, walls, 6)`, which nothing may touch.

    Attributes:
        found: in which games there was a place for all so far, `(k)`.
    """

    def __init__(self, streams: Streams, ids: Ids, walls: Floats) -> None:
        self.streams, self.ids = streams, ids
        self.found: Flags = np.ones(len(ids), np.bool_)
        self._taken = walls[..., [0, 1, 3, 4]]
        self._round = np.zeros(walls.shape[1], np.bool_)

    def put(
        self,
        half: Floats,
        low: ArrayLike,
        high: ArrayLike,
        *,
        keep_out: ArrayLike | None = None,
        near: tuple[Floats, float] | None = None,
        there: Flags | None = None,
        round_: bool = False,
    ) -> Floats:
        """Take a place for one more thing in every game.

        Args:
            half: half its sides, `(k, 2)`.
            low: least coordinates of its edges, broadcast to `(k, 2)`.
            high: greatest, likewise.
            keep_out: centre and half sides `(4)` of a rectangle that its centre is not in.
            near: points `(k, 2)`, and how far its centre is from them at most.
            there: whether it is in a game at all, `(k)`; in the others it takes no place.
            round_: whether it is a disc, which may be nearer to other discs.

        Returns:
            Centres, `(k, 2)`. Where none was found `found` turns False, and the place means nothing.
        """
        k = len(self.ids)
        unit = self.streams.uniform(self.ids, 0.0, 1.0, 2 * TRIES).reshape(k, TRIES, 2)
        least: Floats = np.broadcast_to(low, (k, 2)) + half
        most: Floats = np.broadcast_to(high, (k, 2)) - half
        if near is not None:
            point, distance = near
            least, most = np.maximum(least, point - distance), np.minimum(most, point + distance)
        where = least[:, None] + (most - least)[:, None] * unit
        taken = self._taken[:, None]
        away, room = where[:, :, None] - taken[..., :2], taken[..., 2:] + half[:, None, None] + GAP
        touching: Flags = np.all(np.abs(away) < room, axis=3)
        if round_:
            touching &= ~self._round | (np.linalg.norm(away, axis=3) < room[..., 0])
        free: Flags = ~np.any(touching, axis=2)
        if near is not None:
            free &= np.linalg.norm(where - point[:, None], axis=2) <= distance
        if keep_out is not None:
            area = np.asarray(keep_out)
            free &= ~(np.abs(where - area[:2]) < area[2:]).all(axis=2)
        if there is not None:
            free |= ~there[:, None]
            half = np.where(there[:, None], half, -np.inf)
        rows, first = np.arange(k), free.argmax(axis=1)
        self.found &= free[rows, first]
        place = where[rows, first]
        self._taken = np.concatenate([self._taken, np.concatenate([place, half], axis=1)[:, None]], axis=1)
        self._round = np.append(self._round, round_)
        return np.asarray(place)


def quarter_turns(streams: Streams, ids: Ids, count: int) -> Floats:
    """Turns of things whose sides are along the axes, `(k, count)`; rad."""
    return np.asarray(np.floor(streams.uniform(ids, 0.0, 4.0, count)) * (np.pi / 2))


def footprints(half: Floats, turns: Floats) -> Floats:
    """Half sides along the axes of things after quarter turns, `(k, count, 2)`; m."""
    across = np.round(turns / (np.pi / 2)).astype(int) % 2 == 1
    return np.where(across[..., None], half[..., 1::-1], half[..., :2])


def anywhere(
    streams: Streams,
    ids: Ids,
    walls: Floats,
    props: Props,
    teams: Sequence[int],
    food: int = 0,
    *,
    taken: Callable[[Places], Floats] | None = None,
    within: Callable[[int], tuple[Floats, Floats] | None] = lambda thing: None,
) -> Layout:
    """Put everything anywhere on the floor, agents of a team beside each other.

    Args:
        streams: to draw from.
        ids: the games, `(k)`.
        walls: of the layout, `(k, walls, 6)`; m.
        props: what is to be put.
        teams: how many agents each team has, at most.
        food: pieces of it.
        taken: takes places before all others; what it returns are the layout's marks.
        within: the least and greatest coordinates, `(k, 2)` each, that a box or ramp of this number may have;
            None for anywhere.
    """
    count = props.there.shape[1]
    turns = quarter_turns(streams, ids, count)
    sides = footprints(props.half, turns)
    places = Places(streams, ids, walls)
    marks = None if taken is None else taken(places)
    floor = (np.zeros(2), np.full(2, FLOOR))
    # What is long first, while there is room.
    objects = [places.put(sides[:, i], *(within(i) or floor), there=props.there[:, i]) for i in range(count)]
    agent = np.full((len(ids), 2), WIDE)
    agents: list[Floats] = []
    for members in teams:
        if not members:
            continue
        first = len(agents)
        agents.append(places.put(agent, 0.0, FLOOR, round_=True))
        near = (agents[-1], TOGETHER)
        agents += [
            places.put(agent, 0.0, FLOOR, round_=True, near=near, there=props.active[:, first + i])
            for i in range(1, members)
        ]
    pieces = [places.put(agent, 0.0, FLOOR, round_=True) for _ in range(food)]
    return Layout(
        walls,
        np.zeros((len(ids), 0, 2)),
        np.stack([*agents, *objects], axis=1),
        np.concatenate([streams.uniform(ids, -np.pi, np.pi, len(agents)), turns], axis=1),
        np.stack(pieces, axis=1) if pieces else np.zeros((len(ids), 0, 2)),
        places.found,
        marks,
    )
