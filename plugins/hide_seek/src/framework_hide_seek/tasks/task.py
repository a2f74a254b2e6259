"""Task: an arena in which one agent alone has something to do."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from framework.sim import Flags, Floats, Ids, Info, Observation
from framework_hide_seek.arena import Arena
from framework_hide_seek.config import ArenaConfig
from framework_hide_seek.layouts.layout import Layout, Place
from framework_hide_seek.layouts.props import ELONGATED, Props
from framework_hide_seek.scene import BOX


class Task(Arena):
    """A batch of games of one agent, whose observations are those that it has in hide and seek.

    An entity that a policy knows from there, but that is not here, has no array: to a policy of
    `hide_seek/entities` that is the same as one that does not exist. `info` has `is_success`, whether what is
    to be done is done now.

    Args:
        config: its parameters.
        place: where it is played.
        hides: whether the agent observes itself as a hider.
        boxes, ramps: how many there are; ramps can be locked.
        elongated: how many of the boxes are elongated.
        steps: of an episode.
        options: passed on to `Arena`.
    """

    def __init__(
        self,
        config: ArenaConfig,
        place: Place,
        *,
        hides: bool,
        boxes: int,
        ramps: int = 0,
        elongated: int = 0,
        steps: int,
        **options: Any,
    ) -> None:
        self.elongated = elongated
        super().__init__(
            config,
            place,
            hiders=int(hides),
            seekers=int(not hides),
            boxes=boxes,
            ramps=ramps,
            steps=steps,
            lock_ramps=True,
            **options,
        )

    def _cast(self, ids: Ids) -> Props:
        k, objects = len(ids), self.half.shape[1]
        half = np.full((k, objects, 3), BOX)
        half[:, : self.elongated] *= ELONGATED
        there = np.ones((k, objects), np.bool_)
        return Props(np.ones((k, 1), np.bool_), there, half, bool(self.elongated))

    def _begin(self, ids: Ids, layout: Layout) -> None:
        """Remember where everything is at first."""

    @abstractmethod
    def _score(self) -> tuple[Floats, Flags, Flags | bool]:
        """What the agent earned in this step, whether all is done, and whether that ends the episode.

        `(num_envs)` each.
        """

    def _judge(
        self, observation: Observation, actions: Floats
    ) -> tuple[Floats, Flags | bool, Flags | bool, Info]:
        reward, done, ended = self._score()
        return reward[:, None], ended, False, {"is_success": done, **self._told()}

    def _told(self) -> Info:
        """What else `info` has, `(num_envs)` each."""
        return {}
