"""Token sequences to learn from, in an order that can be resumed exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from datasets import IterableDataset
from numpy.typing import NDArray

from framework.errors import UserError

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


class Examples(Protocol):
    """An endless supply of examples.

    Attributes:
        mean_length: tokens predicted per example.
    """

    mean_length: float

    def take(self, count: int) -> list[Example]: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


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


class Shuffled:
    """Sequences at hand, each once per epoch, in an order that follows from seed and epoch.

    Args:
        sequences: to draw from.
        mean_length: tokens predicted per sequence.
        seed: of the order.
    """

    def __init__(self, sequences: Sequence[Example], mean_length: float, seed: int) -> None:
        self.sequences = sequences
        self.mean_length = mean_length
        self.seed = seed
        self.position = 0
        self._order: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, np.int64))

    def take(self, count: int) -> list[Example]:
        taken = [self.sequences[self._index(self.position + i)] for i in range(count)]
        self.position += count
        return taken

    def state_dict(self) -> dict[str, Any]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.position = state["position"]

    def _index(self, position: int) -> int:
        epoch, place = divmod(position, len(self.sequences))
        if self._order[0] != epoch:
            generator = np.random.default_rng([self.seed, epoch])
            self._order = (epoch, generator.permutation(len(self.sequences)))
        return int(self._order[1][place])


class Streamed:
    """Rows of a corpus larger than memory, shuffled within a window that moves along it.

    After the last window it begins again. Its state is the place in the stream where the
    window begins, so that resuming reads one window and nothing before it.

    Args:
        rows: a stream with a column `tokens`.
        length: tokens predicted per row.
        window: rows held and shuffled at once.
        seed: of the order.
    """

    def __init__(self, rows: IterableDataset, length: int, window: int, seed: int) -> None:
        self.rows = rows
        self.mean_length = float(length)
        self.window = window
        self.seed = seed
        self.number = 0  # of windows begun
        self.place = 0  # within the window
        self._beginning: dict[str, Any] = rows.state_dict()
        self._start = self._next = self._beginning
        self._held: list[Example] = []
        self._iterator: Iterator[Any] | None = None

    def take(self, count: int) -> list[Example]:
        taken: list[Example] = []
        while len(taken) < count:
            if self.place >= len(self._held):
                self._fill()
            taken.append(self._held[self.place])
            self.place += 1
        return taken

    def state_dict(self) -> dict[str, Any]:
        return {"number": self.number, "place": self.place, "start": self._start}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._iterator, self._held, self._next = None, [], state["start"]
        self.number = state["number"]
        if self.number:
            self.number -= 1
            self._fill()
        self.place = state["place"]

    def _fill(self) -> None:
        rows = self._window() or self._window()
        if not rows:
            raise UserError("the environment's split 'train' holds no text")
        order = np.random.default_rng([self.seed, self.number]).permutation(len(rows))
        self._held = [Example(np.asarray(rows[i]["tokens"], np.int64)) for i in order]
        self.number += 1
        self.place = 0

    def _window(self) -> list[Any]:
        """The next rows; none at the end of the stream, which then begins again."""
        self._start = self._next
        if self._iterator is None:
            self.rows.load_state_dict(self._start)
            self._iterator = iter(self.rows)
        rows = list(islice(self._iterator, self.window))
        if rows:
            self._next = self.rows.state_dict()
        else:
            self._iterator, self._next = None, self._beginning
        return rows
