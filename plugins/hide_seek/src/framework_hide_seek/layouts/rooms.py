"""The full game: the floor divided into rooms at random, each wall between two with a door."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from framework.sim import Floats, Ids, Streams
from framework_hide_seek.config import GameConfig
from framework_hide_seek.layouts.layout import Layout
from framework_hide_seek.layouts.placing import Places, footprints, quarter_turns
from framework_hide_seek.layouts.props import Props
from framework_hide_seek.layouts.walls import DOOR, around, with_door
from framework_hide_seek.scene import FLOOR, WIDE

#: Walls that a layout has, and their friction, MuJoCo's own.
WALLS, FRICTION = 10, 1.0
#: Least side of a room, and least distance of a door's middle from a wall's end; m.
ROOM, MARGIN = 1.2, 0.45
#: How far from the first of their team agents are at most; m.
TOGETHER = 0.5
_TRIES = 20


def rooms(streams: Streams, ids: Ids, config: GameConfig, props: Props) -> Layout:
    """Draw layouts for games `ids`.

    One to `config.rooms` rooms, walls around them all with probability `config.outer_walls`; everything
    anywhere, agents of a team beside each other.
    """
    k = len(ids)
    plans = [_plan(streams.generators[i], config.rooms) for i in ids]
    walls, doors = np.zeros((k, WALLS, 6)), np.full((k, config.rooms - 1, 2), np.nan)
    closed = streams.uniform(ids, 0.0, 1.0, 1)[:, 0] < config.outer_walls
    walls[closed, :4] = around()
    for row, plan in enumerate(plans):
        if plan.walls:
            pieces = np.concatenate(plan.walls)
            walls[row, 4 : 4 + len(pieces)] = pieces
            doors[row, : len(plan.doors)] = plan.doors
    turns = quarter_turns(streams, ids, config.boxes + config.ramps)
    sides = footprints(props.half, turns)
    places = Places(streams, ids, walls)
    # What is long first, while there is room.
    objects = [
        places.put(sides[:, i], 0.0, FLOOR, there=props.there[:, i])
        for i in range(config.boxes + config.ramps)
    ]
    agent = np.full((k, 2), WIDE)
    agents: list[Floats] = []
    for first, count in ((0, config.hiders), (config.hiders, config.seekers)):
        agents.append(places.put(agent, 0.0, FLOOR, round_=True))
        near = (agents[-1], TOGETHER)
        agents += [
            places.put(agent, 0.0, FLOOR, round_=True, near=near, there=props.active[:, first + i])
            for i in range(1, count)
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


@dataclass
class _Plan:
    """Rooms `(x, y, x, y)`, pieces of walls and doors of one game; m."""

    rooms: list[Floats] = field(default_factory=lambda: [np.array([0.0, 0.0, FLOOR, FLOOR])])
    walls: list[Floats] = field(default_factory=list)
    doors: list[Floats] = field(default_factory=list)


def _plan(random: np.random.Generator, most: int) -> _Plan:
    """Divide the floor: again and again a room, with a chance as great as it is large, in two."""
    plan = _Plan()
    wanted = 1 + int(random.integers(most))
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
