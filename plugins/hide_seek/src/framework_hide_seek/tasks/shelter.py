"""Shelter construction: a cylinder is to be hidden behind boxes from all sides."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.sim import Field, Flags, Floats, Ids, Info, rays
from framework_hide_seek.layouts.layout import Layout
from framework_hide_seek.layouts.tasks import OPEN_WITH_CYLINDER
from framework_hide_seek.picture import Shape
from framework_hide_seek.scene import BOX, FLOOR, SOLID
from framework_hide_seek.tasks.config import ShelterConfig
from framework_hide_seek.tasks.task import Task

#: What a ray that meets the cylinder costs.
HIT = 0.001
#: How far from the floor's edges rays begin, a bit more than a cell of the released environment's grid; and
#: how far above the floor, half the height of what they may meet; m.
INSIDE, ABOVE = 0.202, BOX


class Shelter(Task):
    """A cylinder, as high as boxes are, which does not move, and which only the lidar sees.

    From points along the edges of the floor rays go to its middle. Each that meets nothing before it costs
    0.001 in every step. `info` has `hits`, how many do.

    Args:
        config: its parameters.
        options: passed on to `Task`.
    """

    def __init__(self, config: ShelterConfig, **options: Any) -> None:
        super().__init__(
            config,
            OPEN_WITH_CYLINDER,
            hides=False,
            boxes=config.boxes,
            elongated=config.elongated,
            steps=config.steps,
            **options,
        )
        #: Middle and radius of the cylinder, `(num_envs, 3)`; m.
        self.cylinder = self.remember("cylinder", np.ones((self.num_envs, 3)))
        self._hits = self.remember("hits", np.zeros(self.num_envs))
        self._geom = self.batch.model.geom("cylinder0").id
        self._from = _edges(config.rays)

    def _begin(self, ids: Ids, layout: Layout) -> None:
        assert layout.marks is not None
        self.cylinder[ids] = marks = layout.marks[:, 0]
        write, k = self.world.fields.write, len(ids)
        high = np.full((k, 1), BOX)
        write(Field("geom_pos", ("cylinder0",)), np.concatenate([marks[:, :2], high], axis=1), ids)
        size = np.concatenate([marks[:, 2:], high, np.zeros((k, 1))], axis=1)
        write(Field("geom_size", ("cylinder0",)), size, ids)

    def _score(self) -> tuple[Floats, Flags, bool]:
        middle = np.concatenate([self.cylinder[:, None, :2], np.full((self.num_envs, 1, 1), ABOVE)], axis=2)
        met = rays.cast(self.world, self._from, middle - self._from, groups=SOLID).geom == self._geom
        self._hits[:] = met.sum(axis=1)
        return -HIT * self._hits, self._hits == 0, False

    def _told(self) -> Info:
        return {"hits": self._hits.copy()}

    def beneath(self, env: int) -> list[Shape]:
        """The cylinder."""
        return [Shape(self.cylinder[env, :2], float(self.cylinder[env, 2]), "cylinder")]


def _edges(count: int) -> Floats:
    """`count` points along each side of the floor, `(4 count, 3)`; m."""
    low, high = INSIDE, FLOOR - INSIDE
    along = np.arange(count) / count * (high - low)
    level, first, last = np.full(count, ABOVE), np.full(count, low), np.full(count, high)
    sides = [(low + along, first), (last, low + along), (high - along, last), (first, high - along)]
    return np.concatenate([np.stack([x, y, level], axis=1) for x, y in sides])


def make_shelter(config: ShelterConfig, **options: Any) -> Shelter:
    """Hide a cylinder behind boxes from all sides."""
    return Shelter(config, **options)
