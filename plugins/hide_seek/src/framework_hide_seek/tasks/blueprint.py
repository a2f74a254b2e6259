"""Blueprint construction: boxes are to be put where a blueprint wants them."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.sim import Flags, Floats, Ids, Observation, Rows
from framework_hide_seek.layouts.layout import Layout
from framework_hide_seek.layouts.tasks import OPEN_WITH_SITES
from framework_hide_seek.observing import entities
from framework_hide_seek.picture import Shape
from framework_hide_seek.scene import BOX
from framework_hide_seek.spaces import SITE, observation_space
from framework_hide_seek.tasks.config import BlueprintConfig
from framework_hide_seek.tasks.task import Task

#: How near a box has to be to a site, and corners to corners; m.
NEAR = 0.1
#: What each site earns when all are done; what a metre from each corner of a site to boxes costs in a step,
#: and how much the nearest corners count of these (per m).
DONE, FAR, ALPHA = 3.0, 0.05, -1.5
_CORNERS = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])


class Blueprint(Task):
    """Sites, squares as large as a box, that want a box each.

    Every step costs 0.05 times the mean, over the corners of sites, of the distance to corners of
    boxes: a smooth minimum, in which each counts `exp(-1.5 distance)`. When each site has a box's centre
    within 0.1 m of its own, and a corner of a box within 0.1 m of each corner, 3 is earned for
    each, and the episode is over. Sites are seen wherever the agent looks.

    Args:
        config: its parameters.
        options: passed on to `Task`.
    """

    def __init__(self, config: BlueprintConfig, **options: Any) -> None:
        self.boxes, sites = config.boxes, config.sites
        space = observation_space(1, config.boxes, 0, sites=sites)
        super().__init__(
            config,
            OPEN_WITH_SITES,
            hides=False,
            boxes=config.boxes,
            steps=config.steps,
            **{"observation_space": space} | options,
        )
        #: Middles of the sites, `(num_envs, sites, 2)`; m. Not a number where there is none.
        self.sites = self.remember("sites", np.full((self.num_envs, sites, 2), np.nan))

    def _begin(self, ids: Ids, layout: Layout) -> None:
        assert layout.marks is not None
        self.sites[ids] = layout.marks[..., :2]

    def _observe(self, rows: Rows) -> Observation:
        seen = super()._observe(rows)
        sites, own = self.sites[rows], self.qpos[rows, 0, :2]
        there: Flags = ~np.isnan(sites[..., 0])
        features = np.empty((*sites.shape[:2], len(SITE)), np.float32)
        away = sites - own[:, None]
        features[..., :2], features[..., 2] = away, BOX
        features[..., 3:] = (away[:, :, None] + BOX * _CORNERS).reshape(*sites.shape[:2], 8)
        features[~there] = 0.0
        return seen | entities("sites", features[:, None], there[:, None], there[:, None])

    def _score(self) -> tuple[Floats, Flags, Flags]:
        there: Flags = ~np.isnan(self.sites[..., 0])
        count = there.sum(axis=1)
        boxes = self.qpos[:, 1 : 1 + self.boxes]
        middles = np.concatenate([self.sites, np.full((*there.shape, 1), BOX)], axis=2)
        middles = np.where(there[..., None], middles, 0.0)
        apart = _distances(boxes[..., :3], middles)  # (n, boxes, sites)
        corners = _distances(
            _corners(boxes[..., :3], boxes[..., 3]), _corners(middles, np.zeros(there.shape))
        )  # (n, 4 boxes, 4 sites), the corners of each site one after the other
        weight = np.exp(ALPHA * corners)
        smooth = (corners * weight).sum(axis=1) / weight.sum(axis=1)
        wanted = np.repeat(there, 4, axis=1)
        cost = (smooth * wanted).sum(axis=1) / wanted.sum(axis=1)
        done: Flags = ((apart.min(axis=1) < NEAR) | ~there).all(axis=1)
        done &= ((corners.min(axis=1) < NEAR) | ~wanted).all(axis=1)
        return DONE * count * done - FAR * cost, done, done

    def beneath(self, env: int) -> list[Shape]:
        """The sites."""
        there = self.sites[env][~np.isnan(self.sites[env, :, 0])]
        return [Shape(where, BOX, "site", round=False) for where in there]


def _corners(middles: Floats, turns: Floats) -> Floats:
    """Middles of the vertical edges of boxes, `(n, 4 count, 3)`, of `(n, count, 3)`; m."""
    cos, sin = np.cos(turns)[..., None], np.sin(turns)[..., None]
    x, y = BOX * _CORNERS.T
    found = np.repeat(middles[:, :, None], 4, axis=2)
    found[..., 0] += cos * x - sin * y
    found[..., 1] += sin * x + cos * y
    return found.reshape(len(middles), -1, 3)


def _distances(ones: Floats, others: Floats) -> Floats:
    return np.asarray(np.linalg.norm(ones[:, :, None] - others[:, None], axis=3))


def make_blueprint(config: BlueprintConfig, **options: Any) -> Blueprint:
    """Put boxes where a blueprint wants them."""
    return Blueprint(config, **options)
