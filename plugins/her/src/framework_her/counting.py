"""Count-based exploration: rewards for states that were seldom seen (section 4.2, footnote 3).

What the paper compares hindsight with (Strehl & Littman 2008; Tang et al. 2017): where the
achieved goal is, seen from the desired one, is told apart on a grid with cells of edge β, and
being in a cell that was visited N times is worth α / √N on top of the task's reward.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class CountBonus:
    """Counts visits to the cells of a grid, and rewards by them.

    Args:
        scale: α, what the first visit to a cell is worth.
        edge: β, of a cell, in the goals' own unit.
    """

    def __init__(self, scale: float, edge: float) -> None:
        self.scale = scale
        self.edge = edge
        self._visits: Counter[bytes] = Counter()

    def visit(self, achieved: Array, desired: Array) -> None:
        """Count states by their goals, each `(n, goal)`."""
        self._visits.update(self._cells(achieved, desired))

    def __call__(self, achieved: Array, desired: Array) -> Array:
        """What states are worth by the visits so far, `(n,)`; one that was never visited is worth α."""
        visits = [self._visits.get(cell, 1) for cell in self._cells(achieved, desired)]
        return self.scale / np.sqrt(np.array(visits, np.float64))

    def state_dict(self) -> dict[str, Any]:
        cells = np.frombuffer(b"".join(self._visits), np.uint8)
        return {"cells": cells, "visits": np.array(list(self._visits.values()), np.int64)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        cells, visits = state["cells"].tobytes(), state["visits"].tolist()
        size = len(cells) // len(visits) if visits else 0
        self._visits = Counter({cells[i * size : (i + 1) * size]: n for i, n in enumerate(visits)})

    def _cells(self, achieved: Array, desired: Array) -> list[bytes]:
        way = np.subtract(achieved, desired, dtype=np.float64)
        cells = np.ascontiguousarray(np.floor(way / self.edge), np.int32)
        return [cell.tobytes() for cell in cells]
