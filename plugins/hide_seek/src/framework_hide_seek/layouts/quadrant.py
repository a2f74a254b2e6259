"""The quadrant game: a room in one corner of the floor, with one door or two."""

from __future__ import annotations

import numpy as np

from framework.sim import Floats, Ids, Streams
from framework_hide_seek.config import GameConfig
from framework_hide_seek.layouts.layout import Layout, Place
from framework_hide_seek.layouts.placing import Places, footprints, quarter_turns
from framework_hide_seek.layouts.props import Props
from framework_hide_seek.layouts.walls import DOOR, around, with_door
from framework_hide_seek.scene import FLOOR, WIDE

_MIDDLE = FLOOR / 2
#: The room, as centre and half sides; a thing whose centre is outside is outside.
ROOM = np.array([0.75 * FLOOR, 0.25 * FLOOR, 0.25 * FLOOR, 0.25 * FLOOR])


def quadrant(streams: Streams, ids: Ids, config: GameConfig, props: Props) -> Layout:
    """Draw layouts for games `ids`.

    The room is where x > 3 m and y < 3 m. Both of its walls have a door or, as often, one of them. Boxes are
    in the room, seekers and ramps outside, hiders and food anywhere.
    """
    k = len(ids)
    walls, doors = _walls(streams.uniform(ids, 0.0, 1.0, 4))
    turns = quarter_turns(streams, ids, config.boxes + config.ramps)
    sides = footprints(props.half, turns)
    places = Places(streams, ids, walls)
    agent = np.full((k, 2), WIDE)
    inside = (ROOM[:2] - ROOM[2:], ROOM[:2] + ROOM[2:])
    objects = [places.put(sides[:, i], *inside, there=props.there[:, i]) for i in range(config.boxes)]
    objects += [
        places.put(sides[:, config.boxes + i], 0.0, FLOOR, keep_out=ROOM) for i in range(config.ramps)
    ]
    agents = [
        places.put(agent, 0.0, FLOOR, round_=True, keep_out=keep_out, there=props.active[:, i])
        for i, keep_out in enumerate([None] * config.hiders + [ROOM] * config.seekers)
    ]
    food = [places.put(agent, 0.0, FLOOR, round_=True) for _ in range(config.food)]
    return Layout(
        walls,
        doors,
        np.stack([*agents, *objects], axis=1),
        np.concatenate([streams.uniform(ids, -np.pi, np.pi, len(agents)), turns], axis=1),
        np.stack(food, axis=1) if food else np.zeros((k, 0, 2)),
        places.found,
    )


def _walls(draws: Floats) -> tuple[Floats, Floats]:
    """Walls and doors, of numbers in [0, 1) `(k, 4)`.

    They say where both doors are, whether there is but one, and which.
    """
    middles = 0.4 + (_MIDDLE - 0.8) * draws[:, :2]
    gaps = np.full(middles.shape, DOOR)
    rows, closed = np.arange(len(draws)), (draws[:, 3] < 0.5).astype(int)
    gaps[rows, closed] = np.where(draws[:, 2] < 0.5, 0.0, DOOR)
    outer = np.broadcast_to(around(), (len(draws), 4, 6))
    west = with_door((_MIDDLE, 0), (_MIDDLE, _MIDDLE), middles[:, 0], gaps[:, 0], axis=1)
    north = with_door((_MIDDLE, _MIDDLE), (FLOOR, _MIDDLE), middles[:, 1], gaps[:, 1], axis=0)
    level = np.full(len(draws), _MIDDLE)
    doors = np.stack(
        [np.stack([level, middles[:, 0]], axis=1), np.stack([_MIDDLE + middles[:, 1], level], axis=1)], axis=1
    )
    doors[gaps == 0] = np.nan
    return np.concatenate([outer, west, north], axis=1), doors


PLACE = Place(quadrant, walls=8, friction=0.01, doors=2)
