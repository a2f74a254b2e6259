"""How the ranges of a training moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from framework_adr.bounds import Bounds, Numbers


class History:
    """The ranges whenever they moved, beginning with how they started.

    Attributes:
        done: units of the training's budget at each point.
        entropy: nats per dimension, likewise.
        values: `(parameters, 2)` each, as the environment takes them.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.done: list[int] = []
        self.entropy: list[float] = []
        self.values: list[Numbers] = []
        self.add(0, bounds)

    def add(self, done: int, bounds: Bounds) -> None:
        """Add a point."""
        self.done.append(done)
        self.entropy.append(bounds.entropy)
        self.values.append(bounds.values())

    def state_dict(self) -> dict[str, Any]:
        return {"done": list(self.done), "entropy": list(self.entropy), "values": np.stack(self.values)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.done, self.entropy = list(state["done"]), list(state["entropy"])
        self.values = list(state["values"])
