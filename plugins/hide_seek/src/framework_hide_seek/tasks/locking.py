"""Lock and return, and sequential lock: an agent that has to find boxes and lock them."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.sim import Flags, Floats, Ids, Info, Rows
from framework_hide_seek.config import ArenaConfig, GameConfig
from framework_hide_seek.layouts.layout import Layout, Place
from framework_hide_seek.layouts.rooms import place, rooms
from framework_hide_seek.layouts.tasks import THREE_ROOMS
from framework_hide_seek.tasks.config import LockAndReturnConfig, SequentialLockConfig
from framework_hide_seek.tasks.task import Task

#: What a lock earns and an unlocking costs; of a way towards the next aim, for each m; of a step in which all
#: is done.
LOCK, UNLOCK, WAY, DONE = 5.0, 5.0, 0.5, 1.0
#: How near to where it began an agent has to be to have returned; m.
HOME = 0.1


class Locking(Task):
    """Boxes to be locked.

    Each lock of a box earns 5, each unlocking costs 5; every metre nearer to the next aim earns 0.5, every
    one farther costs that; and every step in which all is done earns 1. The next aim is the nearest box that
    is not locked, or, if they have an order, the first; a box that is locked counts as reached, one that is
    unlocked as left by all its distance. Where the agent has to return, the place that it began at is the
    aim while all boxes are locked.

    `info` has `locked`, how many boxes are.

    Args:
        config: its parameters.
        place: where it is played.
        boxes: how many there are.
        in_order: whether they have to be locked one after the other: which is the next is not observed.
        home: whether the agent has to be back within 0.1 m of where it began.
        options: passed on to `Task`.
    """

    def __init__(
        self, config: ArenaConfig, place: Place, *, boxes: int, in_order: bool, home: bool, **options: Any
    ) -> None:
        self.in_order, self.home, self.boxes = in_order, home, boxes
        super().__init__(config, place, hides=True, boxes=boxes, **options)
        n = self.num_envs
        self._locked = self.remember("was_locked", np.zeros((n, boxes), np.bool_))
        # The next box, -1 for none, and how far it is; where the agent began, and how far that is.
        self._next = self.remember("next", np.zeros(n, np.int64))
        self._way = self.remember("way", np.zeros(n))
        self._began = self.remember("began", np.zeros((n, 2)))
        self._way_home = self.remember("way_home", np.zeros(n))

    def _begin(self, ids: Ids, layout: Layout) -> None:
        self._locked[ids] = False
        self._began[ids] = self.qpos[ids, 0, :2]
        self._way_home[ids] = 0.0
        self._next[ids], self._way[ids] = self._aim(self._locked[ids], ids)

    def _act(self, actions: Floats, rows: Rows) -> None:
        if self.in_order:
            locked = self.hands.locked[rows, : self.boxes]
            first = np.cumsum(~locked, axis=1) == 1
            self.hands.lockable[rows, : self.boxes] = locked | first
        super()._act(actions, rows)

    def _aim(self, locked: Flags, rows: Rows) -> tuple[Floats, Floats]:
        """The next box, and how far it is, `(k)` each; -1 and 0 where all are locked."""
        qpos = self.qpos[rows]
        away = np.linalg.norm(qpos[:, 1 : 1 + self.boxes, :2] - qpos[:, :1, :2], axis=2)
        wanted = np.where(locked, np.inf, np.arange(self.boxes) if self.in_order else away)
        box = wanted.argmin(axis=1)
        none = locked.all(axis=1)
        return np.where(none, -1, box), np.where(none, 0.0, away[np.arange(len(box)), box])

    def _score(self) -> tuple[Floats, Flags, bool]:
        locked = self.hands.locked[:, : self.boxes].copy()
        aim, way = self._aim(locked, slice(None))
        way_home = np.linalg.norm(self.qpos[:, 0, :2] - self._began, axis=1)
        reward = LOCK * (locked & ~self._locked).sum(axis=1) - UNLOCK * (~locked & self._locked).sum(axis=1)
        old, everyone = self._next, np.arange(self.num_envs)
        reached = locked[everyone, old]  # of no meaning where there was none
        nearer = np.select(
            [(old >= 0) & (aim == old), (old >= 0) & reached, aim >= 0],
            [self._way - way, self._way, -way],
            self._way_home - way_home if self.home else 0.0,
        )
        done: Flags = locked.all(axis=1) & ((way_home <= HOME) | (not self.home))
        self._locked[:], self._next[:], self._way[:], self._way_home[:] = locked, aim, way, way_home
        return reward + WAY * nearer + DONE * done, done, False

    def _told(self) -> Info:
        return {"locked": self._locked.sum(axis=1).astype(np.float64)}


def make_lock_and_return(config: LockAndReturnConfig, **options: Any) -> Locking:
    """Lock a box in one of six rooms, and return."""
    layout = GameConfig(
        layout="rooms",
        hiders=1,
        seekers=0,
        boxes=1,
        ramps=0,
        rooms=config.rooms,
        fewest_rooms=config.rooms,
        outer_walls=1.0,
    )

    def draw(streams: Any, ids: Ids, _: Any, props: Any) -> Layout:
        return rooms(streams, ids, layout, props)

    needs = place(config.rooms)
    where = Place(draw, walls=needs.walls, friction=needs.friction)
    return Locking(config, where, boxes=1, in_order=False, home=True, steps=config.steps, **options)


def make_sequential_lock(config: SequentialLockConfig, **options: Any) -> Locking:
    """Lock boxes in three rooms without doors, in an order that has to be found out."""
    return Locking(
        config,
        THREE_ROOMS,
        boxes=config.boxes,
        ramps=config.ramps,
        in_order=True,
        home=False,
        steps=config.steps,
        **options,
    )
