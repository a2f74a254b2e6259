"""Token sequences to learn from, one by one and side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from framework.supervised.order import Supply

#: The target of a token that is not learned.
IGNORED = -100


class Example(NamedTuple):
    """A sequence.

    Attributes:
        tokens: `(length,)`; each but the first is predicted from those before it.
        learned_from: position of the first token that counts in the loss.
    """

    tokens: NDArray[np.int64]
    learned_from: int = 1


class Examples(NamedTuple):
    """What is learned from.

    Attributes:
        supply: gives the examples, without end.
        mean_length: tokens predicted per example.
    """

    supply: Supply[Example]
    mean_length: float


class Batch(NamedTuple):
    """Sequences side by side.

    Attributes:
        tokens: `(batch, length)` int64, padded at the right.
        targets: the token after each, or `IGNORED`.
    """

    tokens: torch.Tensor
    targets: torch.Tensor


def collate(examples: list[Example]) -> Batch:
    """Pad examples to the longest of them."""
    longest = max(len(example.tokens) for example in examples) - 1
    tokens = torch.zeros(len(examples), longest, dtype=torch.int64)
    targets = torch.full((len(examples), longest), IGNORED, dtype=torch.int64)
    for row, example in enumerate(examples):
        sequence = torch.from_numpy(example.tokens)
        length = len(sequence) - 1
        tokens[row, :length] = sequence[:-1]
        targets[row, :length] = sequence[1:]
        targets[row, : example.learned_from - 1] = IGNORED
    return Batch(tokens, targets)
