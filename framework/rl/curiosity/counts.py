"""Count-based exploration: rewards for states that were seldom seen (Strehl & Littman 2008).

States are told apart on a grid with cells of edge β, and being in a cell that was visited N times is worth
α / √N. Where states have many numbers nearly every one would be the first in its cell: these are first
projected to a few, at random, so that near ones still share cells (Datar et al. 2004; what Tang et al. 2017
do with hashes of signs).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]


class Counts:
    """Counts visits to the cells of a grid, and rewards by them.

    Args:
        scale: α, what the first visit to a cell is worth.
        edge: β, of a cell, in the states' own unit.
        projection: `(size, fewer)`, which states of `size` numbers are multiplied by; None for no fewer.
    """

    def __init__(self, scale: float, edge: float, projection: Array | None = None) -> None:
        self.scale = scale
        self.edge = edge
        self.projection = projection
        self._visits: Counter[bytes] = Counter()

    def visit(self, states: ArrayLike) -> None:
        """Count states, `(n, size)`."""
        self._visits.update(self._cells(states))

    def __call__(self, states: ArrayLike) -> Array:
        """What states are worth by the visits so far, `(n,)`; one that was never visited is worth α."""
        visits = [self._visits.get(cell, 1) for cell in self._cells(states)]
        return self.scale / np.sqrt(np.array(visits, np.float64))

    def state_dict(self) -> dict[str, Any]:
        cells = np.frombuffer(b"".join(self._visits), np.uint8)
        return {"cells": cells, "visits": np.array(list(self._visits.values()), np.int64)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        cells, visits = state["cells"].tobytes(), state["visits"].tolist()
        size = len(cells) // len(visits) if visits else 0
        self._visits = Counter({cells[i * size : (i + 1) * size]: n for i, n in enumerate(visits)})

    def _cells(self, states: ArrayLike) -> list[bytes]:
        numbers = np.asarray(states, np.float64)
        if self.projection is not None:
            numbers = numbers @ self.projection
        cells = np.ascontiguousarray(np.floor(numbers / self.edge), np.int32)
        return [cell.tobytes() for cell in cells]


def projection(size: int, fewer: int, seed: int) -> Array | None:
    """A random matrix `(size, fewer)` whose columns have length 1; None where there are no fewer."""
    if fewer >= size:
        return None
    columns = np.random.default_rng(seed).normal(size=(size, fewer))
    return np.asarray(columns / np.linalg.norm(columns, axis=0))
