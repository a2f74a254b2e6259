"""What all agents of a batch of games observe, out of the games' states."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from framework.sim import Flags, Floats, Observation
from framework_hide_seek.food import HEALTH
from framework_hide_seek.scene import Scene
from framework_hide_seek.spaces import AGENT, BOX, FOOD, RAMP, SELF


class Snapshot(NamedTuple):
    """States of `k` games.

    Attributes:
        qpos: positions and turns of all bodies, `(k, bodies, 4)`; m, rad.
        qvel: their velocities, likewise.
        facing: directions that they face, `(k, bodies, 2)`.
        half: half the sides of boxes and ramps, `(k, objects, 3)`; m.
        exists: bodies and food that there are, `(k, bodies + food)`.
        sees: who sees what, `(k, agents, bodies + food)`.
        lidar: `(k, agents, 30)`; m.
        held: what agents hold, `(k, agents)`; as in `Hands`.
        locked: what is locked, `(k, objects)`.
        locker: who locked it last, `(k, objects)`.
        food: where food is, `(k, food, 3)`; m.
        health: what is left of it, `(k, food)`.
        left: shares of the preparation and of the episode that are left, `(k, 2)`.
    """

    qpos: Floats
    qvel: Floats
    facing: Floats
    half: Floats
    exists: Flags
    sees: Flags
    lidar: Floats
    held: Floats
    locked: Flags
    locker: Floats
    food: Floats
    health: Floats
    left: Floats


class Observing:
    """Makes observations.

    Args:
        scene: what is in the games.
        hides: which agents hide, `(agents)`.
    """

    def __init__(self, scene: Scene, hides: Flags) -> None:
        self.scene, self.hides = scene, hides
        a, b = scene.agents, scene.agents + scene.boxes
        self._kinds = {"boxes": slice(a, b), "ramps": slice(b, scene.bodies)}
        self._others = np.nonzero(~np.eye(a, dtype=bool))[1].reshape(a, a - 1)

    def __call__(self, s: Snapshot) -> Observation:
        """Observations of all agents, `(k, agents, ...)`; see `framework_hide_seek.spaces`."""
        scene, (k, bodies) = self.scene, s.qpos.shape[:2]
        agents = scene.agents
        own = np.empty((k, agents, len(SELF)), np.float32)
        own[..., :3] = s.qpos[:, :agents, :3]
        own[..., 3:5] = s.facing[:, :agents]
        own[..., 5:9] = s.qvel[:, :agents]
        own[..., 9] = self.hides
        own[..., 10:] = s.left[:, None]
        seen: Observation = {
            "active": s.exists[:, :agents].astype(np.int8),
            "self": own,
            "lidar": s.lidar.astype(np.float32),
        }
        # What every agent is told of every body but who holds it.
        told = np.empty((k, agents, bodies, 9), np.float32)
        told[..., :2] = s.qpos[:, None, :, :2] - s.qpos[:, :agents, None, :2]
        told[..., 2] = s.qpos[:, None, :, 2]
        told[..., 3:5] = s.facing[:, None]
        told[..., 5:] = s.qvel[:, None]
        if agents > 1:
            rows = np.arange(agents)[:, None]
            other = np.empty((k, agents, agents - 1, len(AGENT)), np.float32)
            other[..., :9] = told[:, rows, self._others]
            other[..., 9] = self.hides[self._others]
            exists = np.broadcast_to(s.exists[:, None, :agents], (k, agents, agents))[:, rows, self._others]
            seen |= entities("agents", other, s.sees[:, rows, self._others], exists)
        if bodies > agents:
            held = self._held(s)
            for name, where in self._kinds.items():
                if where.start < where.stop:
                    size = len(BOX if name == "boxes" else RAMP)
                    thing = np.empty((k, agents, where.stop - where.start, size), np.float32)
                    thing[..., :9] = told[:, :, where]
                    thing[..., -4:] = held[:, :, where.start - agents : where.stop - agents]
                    if name == "boxes":
                        thing[..., 9:12] = 2 * s.half[:, None, : scene.boxes]
                    seen |= entities(name, thing, s.sees[..., where], s.exists[:, None, where])
        if s.food.shape[1]:
            food = np.empty((k, agents, s.food.shape[1], len(FOOD)), np.float32)
            food[..., :2] = s.food[:, None, :, :2] - s.qpos[:, :agents, None, :2]
            food[..., 2] = s.food[:, None, :, 2]
            food[..., 3] = s.health[:, None] / HEALTH
            seen |= entities("food", food, s.sees[..., bodies:], s.exists[:, None, bodies:])
        return seen

    def _held(self, s: Snapshot) -> Floats:
        """Who locked and who holds what, as every agent is told, `(k, agents, objects, 4)`."""
        locked, locker = s.locked[:, None], s.locker[:, None]
        agent = np.arange(self.scene.agents)[:, None]
        held = np.empty((len(s.qpos), self.scene.agents, s.locked.shape[1], 4), np.float32)
        held[..., 0] = locked
        held[..., 1] = locked & (self.hides[:, None] == self.hides[locker])
        held[..., 2] = locked & (locker == agent)
        held[..., 3] = s.held[..., None] == np.arange(s.locked.shape[1])
        return held


def entities(name: str, features: Floats, mask: Flags, exists: Flags) -> Observation:
    """What is observed of a kind of entity: `features` and its two masks, of which `exists` is broadcast."""
    there = np.broadcast_to(exists, mask.shape).astype(np.int8)
    return {name: features, f"{name}_mask": mask.astype(np.int8), f"{name}_exists": there}
