"""Recorded trials that are judged on, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from framework.errors import UserError
from framework.progress import tell
from framework_grasp.learning.examples import Batch, Scenes, collate


def batches(environment: Any, split: str, size: int, who: str) -> Iterator[Batch]:
    """All scenes of a split, in order.

    Args:
        environment: splits by name.
        split: one of them.
        size: scenes at once.
        who: asks, for the error.

    Raises:
        UserError: it has no such split.
    """
    if split not in environment:
        raise UserError(
            f"{who}: the environment has no split {split!r}; it has {', '.join(environment)}\n"
            "  grasp/scenes with validation: 0.05 holds objects out"
        )
    scenes = Scenes(environment[split])
    for start in range(0, len(scenes), size):
        end = min(start + size, len(scenes))
        yield collate([scenes[i] for i in range(start, end)])
        tell(end, len(scenes), "scenes")
