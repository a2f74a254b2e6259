"""Does a picture show what its caption says?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Accuracy:
    """Attributes of pictures that are right, among those their captions mention.

    Attributes:
        right: `(n, attributes)`.
        mentioned: `(n, attributes)`.
        names: of the attributes.
    """

    right: NDArray[np.bool_]
    mentioned: NDArray[np.bool_]
    names: tuple[str, ...]

    @property
    def of_pictures(self) -> NDArray[np.bool_]:
        """`(n,)`: whether every attribute that is mentioned is right."""
        return np.asarray((self.right | ~self.mentioned).all(axis=1))

    @property
    def all(self) -> float:
        """Share of pictures in which every attribute that is mentioned is right."""
        return float(self.of_pictures.mean())

    @property
    def each(self) -> dict[str, float]:
        """Share right of the pictures whose caption mentions it, by attribute; none mentioned, none given."""
        counted = self.mentioned.sum(axis=0)
        hits = (self.right & self.mentioned).sum(axis=0)
        return {
            name: float(hit / count)
            for name, hit, count in zip(self.names, hits, counted, strict=True)
            if count
        }

    @property
    def mean(self) -> float:
        """Mean over attributes; NaN if no caption mentions any."""
        each = self.each
        return sum(each.values()) / len(each) if each else float("nan")


def attribute_accuracy(
    predicted: Mapping[str, ArrayLike],
    truth: Mapping[str, ArrayLike],
    mentioned: Sequence[Sequence[str]] | None = None,
) -> Accuracy:
    """Compare what a judge reads from pictures with what their captions ask for.

    Args:
        predicted: classes `(n,)` by attribute.
        truth: the same attributes.
        mentioned: names of the attributes that each of the n captions speaks of; None for all.
    """
    names = tuple(truth)
    right = np.stack([np.asarray(predicted[name]) == np.asarray(truth[name]) for name in names], axis=1)
    if mentioned is None:
        return Accuracy(right, np.ones_like(right), names)
    asked = np.array([[name in spoken for name in names] for spoken in mentioned], dtype=bool)
    return Accuracy(right, asked.reshape(right.shape), names)
