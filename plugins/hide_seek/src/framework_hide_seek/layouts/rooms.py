"""The full game: the floor divided into rooms at random, each wall between two with a door."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from framework.sim import Floats, Ids, Streams
from framework_hide_seek.config import GameConfig
from framework_hide_seek.layouts.layout import Layout, Place
from framework_hide_seek.layouts.placing import anywhere
from framework_hide_seek.layouts.props import Props
from framework_hide_seek.layouts.walls import DOOR, around, with_door
from framework_hide_seek.scene import FLOOR

#: Friction of the walls, MuJoCo's own.
FRICTION = 1.0
#: Least side of a room, and least distance of a door's middle from a wall's end; m.
ROOM, MARGIN = 1.2, 0.45
_TRIES = 20


def rooms(streams: Streams, ids: Ids, config: GameConfig, props: Props) -> Layout:
    """Draw layouts for games `ids`.

    `config.fewest_rooms` to `config.rooms` rooms, walls around them all with probability
    `config.outer_walls`; everything anywhere, agents of a team beside each other.
    """
    k = len(ids)
    plans = [_plan(streams.generators[i], config.fewest_rooms, config.rooms) for i in ids]
    walls, doors = np.zeros((k, place(config.rooms).walls, 6)), np.full((k, config.rooms - 1, 2), np.nan)
    closed = streams.uniform(ids, 0.0, 1.0, 1)[:, 0] < config.outer_walls
    walls[closed, :4] = around()
    for row, plan in enumerate(plans):
        if plan.walls:
            pieces = np.concatenate(plan.walls)
            walls[row, 4 : 4 + len(pieces)] = pieces
            doors[row, : len(plan.doors)] = plan.doors
    layout = anywhere(streams, ids, walls, props, (config.hiders, config.seekers), config.food)
    enough = np.array([len(plan.rooms) >= config.fewest_rooms for plan in plans])
    return replace(layout, doors=doors, found=layout.found & enough)


def place(most: int) -> Place:
    """What so many rooms need: high walls around them, and between two of them a low one in two pieces."""
    return Place(rooms, walls=4 + 2 * (most - 1), friction=FRICTION, doors=most - 1)


@dataclass
class _Plan:
    """Rooms `(x, y, x, y)`, pieces of walls and doors of one game; m."""

    rooms: list[Floats] = field(default_factory=lambda: [np.array([0.0, 0.0, FLOOR, FLOOR])])
    walls: list[Floats] = field(default_factory=list)
    doors: list[Floats] = field(default_factory=list)


def _plan(random: np.random.Generator, least: int, most: int) -> _Plan:
    """Divide the floor: again and again a room, with a chance as great as it is large, in two."""
    plan = _Plan()
    wanted = least + int(random.integers(most - least + 1))
    for _ in range(_TRIES):
        if len(plan.rooms) == wanted:
            break
        sides = np.array([room[2:] - room[:2] for room in plan.rooms])
        area = np.where((sides >= 2 * ROOM).any(axis=1), sides.prod(axis=1), 0.0)
        _divide(plan, int(random.choice(len(area), p=area / area.sum())), random)
    return plan


def _divide(plan: _Plan, which: int, random: np.random.Generator) -> None:
    """Put a wall with a door across a room, unless it would end in a door."""
    room = plan.rooms[which]
    sides = room[2:] - room[:2]
    across = int(random.choice(np.flatnonzero(sides >= 2 * ROOM)))  # the axis that it cuts
    along = 1 - across
    cut = room[across] + ROOM + (sides[across] - 2 * ROOM) * random.random()
    start, end = room[:2].copy(), room[2:].copy()
    start[across] = end[across] = cut
    for door in plan.doors:
        for tip in (start, end):
            if np.abs(door - tip).max() < DOOR / 2 + 0.1:
                return
    middle = MARGIN + (sides[along] - 2 * MARGIN) * random.random()
    plan.walls.append(with_door(start, end, np.array([middle]), np.array([DOOR]), axis=along)[0])
    door = start.copy()
    door[along] += middle
    plan.doors.append(door)
    first, second = room.copy(), room.copy()
    first[2 + across] = second[across] = cut
    plan.rooms[which : which + 1] = [first, second]
