"""What an agent observes and does: names, shapes and units of every number.

Observations are those of all agents, `(agents, ...)` in a single game and `(num_envs, agents, ...)`
in a batch. Entities are what an agent may see: the other agents, boxes, ramps, food and sites. Their arrays
hold what is true, seen or not; `*_mask` says which of them the agent sees, for policies, and `*_exists`
which there are at all, for critics that know everything. Entities that the game cannot have (no
ramps, a single agent) have no arrays.

Positions of entities are those of their centres from the agent's own centre, along the axes of the
world, which forces act along, too. All is float32 but the masks, which are int8, 0 or 1.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

#: Choices of one agent: force along x, along y and torque about z, each from the most negative to the most
#: positive in equal steps; whether to grab; whether to lock.
CHOICES = (11, 11, 11, 2, 2)

#: How many rays a lidar has; their lengths are in m, at most `LIDAR_RANGE`. They are fixed to the
#: world: ray `i` points `i / 30` of a turn from the x axis towards y.
LIDAR_RAYS = 30
LIDAR_RANGE = 6.0

_MOTION = ("cos", "sin", "vx", "vy", "vz", "turning")
_HOLD = ("locked", "locked_by_team", "locked_by_self", "held_by_self")

#: An agent's own: position (m), direction that it faces, velocity (m/s, rad/s), whether it hides,
#: what is left of the preparation and of the episode, both from 1 to 0.
SELF = ("x", "y", "z", *_MOTION, "hides", "preparation_left", "time_left")
#: Another agent: `dx`, `dy` from the own position, height above the floor (m); then as above.
AGENT = ("dx", "dy", "z", *_MOTION, "hides")
#: A box: sides (m) along its own axes; who locked it, and whether this agent holds it.
BOX = ("dx", "dy", "z", *_MOTION, "length", "width", "height", *_HOLD)
#: A ramp, which rises towards where it faces.
RAMP = ("dx", "dy", "z", *_MOTION, *_HOLD)
#: Food: what of it is left, from 1 to 0.
FOOD = ("dx", "dy", "z", "left")

#: A site of a blueprint, the square that a box is wanted in: its middle, and its corners as `dx` and `dy`.
SITE = ("dx", "dy", "z", *(f"{axis}{corner}" for corner in range(4) for axis in ("dx", "dy")))

#: The features of each kind of entity.
ENTITIES = {"agents": AGENT, "boxes": BOX, "ramps": RAMP, "food": FOOD, "sites": SITE}


#: What keys do: forces along x and y, torque about z, and hands.
KEYS = {
    "left, right, up, down": "move",
    "q, e": "turn",
    "space": "grab",
    "l": "lock",
}
_AXES = (("left", "right"), ("down", "up"), ("e", "q"))


def keyed(pressed: AbstractSet[str]) -> NDArray[np.int64]:
    """What an agent does while keys are down, `(5)`; opposite ones do nothing."""
    most = CHOICES[0] - 1
    pushes = [most // 2 * (1 + (more in pressed) - (less in pressed)) for less, more in _AXES]
    return np.array([*pushes, "space" in pressed, "l" in pressed], np.int64)


def observation_space(agents: int, boxes: int, ramps: int, food: int = 0, sites: int = 0) -> spaces.Dict:
    """Space of a single game's observations: those of all its agents.

    `active` `(agents)` int8 says who plays in this episode; the others stand outside, do and earn
    nothing. `self` is `(agents, 12)` and `lidar` `(agents, 30)`; then for each kind of entity, `agents`
    (the others, in the order of all), `boxes`, `ramps`, `food` and `sites`, an array
    `(agents, count, features)` and its two masks `(agents, count)`.

    Args:
        agents: how many of both teams, the hiders first.
        boxes: the most that a game has.
        ramps: likewise.
        food: likewise.
        sites: likewise.
    """
    kinds: dict[str, spaces.Space[np.ndarray]] = {
        "active": spaces.MultiBinary(agents),
        "self": _numbers(agents, len(SELF)),
        "lidar": spaces.Box(0.0, LIDAR_RANGE, (agents, LIDAR_RAYS), np.float32),
    }
    counts = {"agents": agents - 1, "boxes": boxes, "ramps": ramps, "food": food, "sites": sites}
    for name, count in counts.items():
        if count:
            kinds[name] = _numbers(agents, count, len(ENTITIES[name]))
            kinds[f"{name}_mask"] = spaces.MultiBinary((agents, count))
            kinds[f"{name}_exists"] = spaces.MultiBinary((agents, count))
    return spaces.Dict(kinds)


def action_space(agents: int) -> spaces.MultiDiscrete:
    """Space of a single game's actions, `(agents, 5)`: the choices of every agent."""
    return spaces.MultiDiscrete(np.tile(CHOICES, (agents, 1)))


def _numbers(*shape: int) -> spaces.Box:
    return spaces.Box(-np.inf, np.inf, shape, np.float32)
