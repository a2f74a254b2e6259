"""Object counting: boxes that go out of sight to one side or the other, before an agent that cannot move."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.sim import Flags, Floats, Ids, Info, Rows
from framework_hide_seek.layouts.layout import Layout
from framework_hide_seek.layouts.tasks import ASIDE, HALL
from framework_hide_seek.scene import FLOOR
from framework_hide_seek.tasks.config import ObjectCountingConfig
from framework_hide_seek.tasks.task import Task

#: How fast boxes go, m/s; and how long a step is, s.
SPEED, STEP = 3.0, 0.075


class ObjectCounting(Task):
    """Boxes in the middle of a hall, of which one after the other goes to the right or to the left.

    There walls hide it from the agent, which can do nothing and earns nothing. `info` has `count`, how many
    go to the right: any number of them is as likely as any other, and which ones, and in which order they
    set out, is drawn.

    Args:
        config: its parameters.
        options: passed on to `Task`.
    """

    def __init__(self, config: ObjectCountingConfig, **options: Any) -> None:
        self.every, n, boxes = config.every, config.num_envs, config.boxes
        steps = config.every * (boxes - 1) + config.after
        super().__init__(config, HALL, hides=True, boxes=boxes, steps=steps, **options)
        self._right = self.remember("right", np.zeros((n, boxes), np.bool_))
        self._turn = self.remember("turn", np.zeros((n, boxes), np.int64))

    def _begin(self, ids: Ids, layout: Layout) -> None:
        boxes = self._right.shape[1]
        draws = self.streams.uniform(ids, 0.0, 1.0, 1 + 2 * boxes)
        count = np.floor(draws[:, :1] * (boxes + 1))
        self._right[ids] = draws[:, 1 : 1 + boxes].argsort(axis=1).argsort(axis=1) < count
        self._turn[ids] = draws[:, 1 + boxes :].argsort(axis=1).argsort(axis=1)

    def _act(self, actions: Floats, rows: Rows) -> None:
        self._ctrl[rows] = 0.0
        moving = self.step_number[rows][:, None] >= self.every * self._turn[rows]
        target = FLOOR / 2 + np.where(self._right[rows], ASIDE, -ASIDE)
        speed = np.clip((target - self.qpos[rows, 1:, 0]) / STEP, -SPEED, SPEED)
        self.qvel[rows, 1:, 0] = np.where(moving, speed, 0.0)

    def _score(self) -> tuple[Floats, Flags, bool]:
        return np.zeros(self.num_envs), np.zeros(self.num_envs, np.bool_), False

    def _told(self) -> Info:
        return {"count": self._right.sum(axis=1).astype(np.float64)}


def make_object_counting(config: ObjectCountingConfig, **options: Any) -> ObjectCounting:
    """Count boxes that went out of sight."""
    return ObjectCounting(config, **options)
