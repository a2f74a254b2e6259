"""Put things where nothing is: rectangles drawn until they touch no other."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from framework.sim import Flags, Floats, Ids, Streams

#: Places tried for one thing.
TRIES = 40
#: Least space between things; m.
GAP = 0.05


class Places:
    """Rectangles that are taken, in games `ids`; positions and half sides are m.

    Args:
        streams: to draw from, one for each game.
        ids: the games, `(k)`.
        taken: rectangles that nothing may touch, such as walls: centres and half sides `(k, n, 4)`.
    """

    def __init__(self, streams: Streams, ids: Ids, taken: Floats) -> None:
        self.streams, self.ids, self.taken = streams, ids, taken
        self.found: Flags = np.ones(len(ids), np.bool_)

    def put(self, half: Floats, low: ArrayLike, high: ArrayLike, keep_out: ArrayLike | None = None) -> Floats:
        """Take a place for one more thing in every game.

        Args:
            half: half its sides, `(k, 2)`.
            low: least coordinates of its edges, broadcast to `(k, 2)`.
            high: greatest, likewise.
            keep_out: centre and half sides `(4)` of a rectangle that its centre is not in.

        Returns:
            Centres, `(k, 2)`. Where none was found `found` turns False, and the place means nothing.
        """
        k = len(self.ids)
        unit = self.streams.uniform(self.ids, 0.0, 1.0, 2 * TRIES).reshape(k, TRIES, 1, 2)
        low, high = np.asarray(low) + half, np.asarray(high) - half
        where = low[:, None, None] + (high - low)[:, None, None] * unit
        taken = self.taken[:, None]
        near = np.abs(where - taken[..., :2]) < taken[..., 2:] + half[:, None, None] + GAP
        free = ~near.all(axis=3).any(axis=2)
        if keep_out is not None:
            area = np.asarray(keep_out)
            free &= ~(np.abs(where[:, :, 0] - area[:2]) < area[2:]).all(axis=2)
        first = free.argmax(axis=1)
        rows = np.arange(k)
        self.found &= free[rows, first]
        place = where[rows, first, 0]
        self.taken = np.concatenate([self.taken, np.concatenate([place, half], axis=1)[:, None]], axis=1)
        return np.asarray(place)
