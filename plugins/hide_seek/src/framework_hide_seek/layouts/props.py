"""Props: who and what is in a game, drawn for many games at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from framework.sim import Flags, Floats, Ids, Streams
from framework_hide_seek.config import GameConfig
from framework_hide_seek.scene import BOX

#: Sides of an elongated box, of those of a cube.
ELONGATED = (3.3, 0.3, 1.0)


@dataclass(frozen=True)
class Props:
    """Those of `k` games.

    Attributes:
        active: which agents play, `(k, agents)`.
        there: which boxes and ramps there are, `(k, objects)`.
        half: half the sides of boxes and ramps, `(k, objects, 3)`; m.
        reshaped: whether boxes have other sides than the model's.
    """

    active: Flags
    there: Flags
    half: Floats
    reshaped: bool = False

    def rows(self, kept: Flags) -> Props:
        """Those of some of the games, `(k)`."""
        return Props(self.active[kept], self.there[kept], self.half[kept], self.reshaped)


def props(streams: Streams, ids: Ids, config: GameConfig) -> Props:
    """Draw how many agents of each team and boxes there are in games `ids`, and which are elongated."""
    draws = streams.uniform(ids, 0.0, 1.0, 4)
    teams = [
        _first(draws[:, 0], config.fewest_hiders, config.hiders),
        _first(draws[:, 1], config.fewest_seekers, config.seekers),
    ]
    boxes = _first(draws[:, 2], config.fewest_boxes, config.boxes)
    half = np.full((len(ids), config.boxes + config.ramps, 3), BOX)
    if config.elongated:
        # Of the boxes that there are, from the fewest to all.
        spare = boxes.sum(axis=1) - config.elongated + 1
        count = config.elongated + np.floor(draws[:, 3] * spare)
        long = np.arange(config.boxes) < count[:, None]
        half[:, : config.boxes][long] = BOX * np.array(ELONGATED)
    there = np.concatenate([boxes, np.ones((len(ids), config.ramps), np.bool_)], axis=1)
    return Props(np.concatenate(teams, axis=1), there, half, bool(config.elongated))


def _first(draw: Floats, fewest: int | None, most: int) -> Flags:
    """The first few of `most`, as many as numbers in [0, 1) say: `(k, most)`."""
    least = most if fewest is None else fewest
    count = least + np.floor(draw * (most - least + 1))
    return np.asarray(np.arange(most) < count[:, None])
