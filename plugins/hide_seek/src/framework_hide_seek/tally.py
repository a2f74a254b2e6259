"""What happened in an episode: how far things were moved, what is locked, whether doors are blocked."""

from __future__ import annotations

import numpy as np

from framework.sim import Flags, Floats, Ids, World
from framework_hide_seek.hands import distances
from framework_hide_seek.scene import AGENT, BOX, INNER, Scene

#: What is counted. Greatest distance of a box, and of a ramp, from where it first was, so far (m); how
#: many are locked; whether a box or ramp stands in every door; whether a seeker stands on a box.
COUNTED = ("box_moved", "ramp_moved", "boxes_locked", "ramps_locked", "doors_blocked", "seeker_on_box")
#: A door is blocked by what its middle is so near to; m.
_IN_DOOR = 0.02


class Tally:
    """Counts in every simulation, now and as it was when the preparation ended.

    Args:
        world: the simulations.
        scene: what is in them.
        hides: which agents hide, `(agents)`.
        doors: how many doors a layout has at most.

    Attributes:
        now: `(num_envs, 6)`, as `COUNTED`.
        before: likewise, when the preparation ended, or now, before it does.
        doors: middles of the doors, `(num_envs, doors, 3)`; m. Not a number where there is none.
    """

    def __init__(self, world: World, scene: Scene, hides: Flags, doors: int) -> None:
        n, objects = len(world), scene.bodies - scene.agents
        self.scene, self.hides = scene, hides
        self.now = world.remember("tally", np.zeros((n, len(COUNTED))))
        self.before = world.remember("tally_before", np.zeros((n, len(COUNTED))))
        self._first = world.remember("first", np.zeros((n, objects, 2)))
        self.doors = world.remember("doors", np.full((n, doors, 3), np.nan))

    def reset(self, ids: Ids, objects: Floats, doors: Floats) -> None:
        """Begin anew in simulations `ids`, with things at `(k, objects, 2)` and doors at `(k, doors, 2)`."""
        self.now[ids], self.before[ids] = 0.0, 0.0
        self._first[ids] = objects
        self.doors[ids, :, :2], self.doors[ids, :, 2] = doors, BOX

    def step(
        self, ids: Ids, qpos: Floats, half: Floats, distance: Floats, locked: Flags, preparing: Flags
    ) -> None:
        """Count in simulations `ids`.

        Args:
            ids: the simulations.
            qpos: of all bodies, `(k, bodies, 4)`.
            half: half the sides of boxes and ramps, `(k, objects, 3)`; m.
            distance: of boxes and ramps from agents, `(k, agents, objects)`; m.
            locked: what is locked, `(k, objects)`.
            preparing: whether the preparation goes on, `(k)`.
        """
        agents, boxes = self.scene.agents, self.scene.boxes
        things, now = qpos[:, agents:], self.now[ids]
        moved = things[..., :2] - self._first[ids]
        moved = np.sqrt(np.einsum("...i,...i", moved, moved))
        for i, kind in enumerate((slice(0, boxes), slice(boxes, None))):
            now[:, i] = np.maximum(now[:, i], moved[:, kind].max(axis=1, initial=0.0))
            now[:, 2 + i] = locked[:, kind].sum(axis=1)
        doors = self.doors[ids]
        open_ = ~np.isnan(doors[..., 0])
        blocked = (distances(doors, things, half) <= _IN_DOOR).any(axis=2)
        now[:, 4] = (blocked | ~open_).all(axis=1) & open_.any(axis=1)
        raised = qpos[:, :agents, 2] > INNER + AGENT / 2
        on_box = (distance[..., :boxes] <= AGENT + 0.05).any(axis=2)
        now[:, 5] = (raised & on_box & ~self.hides).any(axis=1)
        self.now[ids] = now
        self.before[ids] = np.where(preparing[:, None], now, self.before[ids])
