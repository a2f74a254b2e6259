"""The quadrant game: a room in one corner of the floor, with one door or two."""

from __future__ import annotations

import numpy as np

from framework.sim import Floats, Ids, Streams
from framework_hide_seek.layouts.layout import Layout
from framework_hide_seek.layouts.placing import Places
from framework_hide_seek.layouts.walls import DOOR, around, with_door
from framework_hide_seek.scene import AGENT, BOX, FLOOR

#: Walls that a layout has.
WALLS = 8
_MIDDLE = FLOOR / 2
#: The room, as centre and half sides; a thing whose centre is outside is outside.
ROOM = np.array([0.75 * FLOOR, 0.25 * FLOOR, 0.25 * FLOOR, 0.25 * FLOOR])


def quadrant(streams: Streams, ids: Ids, hiders: int, seekers: int, boxes: int, ramps: int) -> Layout:
    """Draw layouts for games `ids`.

    The room is where x > 3 m and y < 3 m. One of its two walls has a door, or, as often, both. Boxes are in
    the room, seekers and ramps outside, hiders anywhere.
    """
    k = len(ids)
    draws = streams.uniform(ids, 0.0, 1.0, 4)
    walls = _walls(draws)
    places = Places(streams, ids, walls[..., [0, 1, 3, 4]])
    box, agent = np.full((k, 2), BOX), np.full((k, 2), AGENT + 0.05)
    inside = (ROOM[:2] - ROOM[2:], ROOM[:2] + ROOM[2:])
    at = {"box": [places.put(box, *inside) for _ in range(boxes)]}
    at["ramp"] = [places.put(box, 0.0, FLOOR, keep_out=ROOM) for _ in range(ramps)]
    agents = [places.put(agent, 0.0, FLOOR) for _ in range(hiders)]
    agents += [places.put(agent, 0.0, FLOOR, keep_out=ROOM) for _ in range(seekers)]
    where = np.stack([*agents, *at["box"], *at["ramp"]], axis=1)
    turns = streams.uniform(ids, -np.pi, np.pi, where.shape[1])
    objects = slice(hiders + seekers, None)
    turns[:, objects] = np.round(turns[:, objects] / (np.pi / 2)) * (np.pi / 2)
    return Layout(walls, where, turns, found=places.found)


def _walls(draws: Floats) -> Floats:
    """Of numbers in [0, 1) `(k, 4)`: where both doors are, whether there is but one, and which."""
    middles = 0.4 + (_MIDDLE - 0.8) * draws[:, :2]
    gaps = np.full(middles.shape, DOOR)
    rows = np.arange(len(draws))
    gaps[rows, (draws[:, 3] < 0.5).astype(int)] = np.where(draws[:, 2] < 0.5, 0.0, DOOR)
    outer = np.broadcast_to(around(), (len(draws), 4, 6))
    west = with_door((_MIDDLE, 0), (_MIDDLE, _MIDDLE), middles[:, 0], gaps[:, 0], axis=1)
    north = with_door((_MIDDLE, _MIDDLE), (FLOOR, _MIDDLE), middles[:, 1], gaps[:, 1], axis=0)
    return np.concatenate([outer, west, north], axis=1)
