"""The real pictures of an environment, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework_glide.evaluation.judge.loading import attribute_columns


@dataclass(frozen=True)
class Rows:
    """Some rows of a split.

    Attributes:
        pictures: `(n, h, w, 3)`.
        captions: n of them.
        attributes: classes `(n,)` by name.
        mentioned: names of the attributes each caption speaks of; None for all.
    """

    pictures: NDArray[np.uint8]
    captions: tuple[str, ...]
    attributes: dict[str, NDArray[np.int64]]
    mentioned: tuple[tuple[str, ...], ...] | None

    def __len__(self) -> int:
        return len(self.captions)

    @property
    def asked(self) -> dict[str, Any]:
        """Attributes, and `mentioned` if it is known, as a judge takes them."""
        return dict(self.attributes) | ({} if self.mentioned is None else {"mentioned": self.mentioned})

    def take(self, indices: Sequence[int] | NDArray[np.int64]) -> Rows:
        """The rows with these indices, in this order; an index may come more than once."""
        chosen = np.asarray(indices, dtype=np.int64)
        return Rows(
            self.pictures[chosen],
            tuple(self.captions[i] for i in chosen),
            {name: values[chosen] for name, values in self.attributes.items()},
            None if self.mentioned is None else tuple(self.mentioned[i] for i in chosen),
        )


def rows_of(environment: Any, split: str, count: int) -> Rows:
    """Rows of a split, at most so many: evenly spread over it, or the first ones of a stream.

    Args:
        environment: splits by name.
        split: which.
        count: rows at most.

    Raises:
        UserError: there is no such split, or nothing in it.
    """
    if split not in environment:
        raise UserError(f"the environment has no split '{split}', only {', '.join(environment)}")
    chosen = environment[split]
    try:
        size = len(chosen)
    except TypeError:
        found = list(islice(iter(chosen), count))
    else:
        spread = np.linspace(0, size, min(count, size), endpoint=False).astype(np.int64)
        found = list(chosen.select(spread).with_format("numpy"))
    if not found:
        raise UserError(f"the split '{split}' of the environment has no pictures")
    known = all("mentioned" in row for row in found)
    return Rows(
        np.stack([np.asarray(row["image"], dtype=np.uint8) for row in found]),
        tuple(str(row["caption"]) for row in found),
        {
            name: np.array([row[name] for row in found], dtype=np.int64)
            for name in attribute_columns(environment)
        },
        tuple(tuple(str(name) for name in row["mentioned"]) for row in found) if known else None,
    )
