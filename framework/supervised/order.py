"""Examples in an order that follows from a seed and can be resumed exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError

# Not torchdata's StatefulDataLoader, which could not say where a shuffled window of a stream begins:
# resuming would read the stream, or write the window into every checkpoint.

T = TypeVar("T")


class Supply(Protocol[T]):
    """An endless supply of examples."""

    def take(self, count: int) -> list[T]: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class Stream(Protocol):
    """A stream that knows its place: a `datasets.IterableDataset`."""

    def __iter__(self) -> Iterator[Any]: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class Shuffled(Generic[T]):
    """Examples at hand, each once per epoch, in an order that follows from seed and epoch.

    Args:
        examples: to draw from.
        seed: of the order.
    """

    def __init__(self, examples: Sequence[T], seed: int) -> None:
        self.examples = examples
        self.seed = seed
        self.position = 0
        self._order: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, np.int64))

    def take(self, count: int) -> list[T]:
        taken = [self.examples[self._index(self.position + i)] for i in range(count)]
        self.position += count
        return taken

    def state_dict(self) -> dict[str, Any]:
        return {"position": self.position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.position = state["position"]

    def _index(self, position: int) -> int:
        epoch, place = divmod(position, len(self.examples))
        if self._order[0] != epoch:
            generator = np.random.default_rng([self.seed, epoch])
            self._order = (epoch, generator.permutation(len(self.examples)))
        return int(self._order[1][place])


class Streamed(Generic[T]):
    """Rows of a stream larger than memory, shuffled within a window that moves along it.

    After the last window it begins again. Its state is the place in the stream where the
    window begins, so that resuming reads one window and nothing before it.

    Args:
        rows: the stream.
        read: makes an example of a row.
        window: examples held and shuffled at once.
        seed: of the order.
    """

    def __init__(self, rows: Stream, read: Callable[[Any], T], window: int, seed: int) -> None:
        self.rows = rows
        self.read = read
        self.window = window
        self.seed = seed
        self.number = 0  # of windows begun
        self.place = 0  # within the window
        self._beginning: dict[str, Any] = rows.state_dict()
        self._start = self._next = self._beginning
        self._held: list[T] = []
        self._iterator: Iterator[Any] | None = None

    def take(self, count: int) -> list[T]:
        taken: list[T] = []
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
            raise UserError("the environment's split 'train' is a stream of nothing")
        order = np.random.default_rng([self.seed, self.number]).permutation(len(rows))
        self._held = [rows[i] for i in order]
        self.number += 1
        self.place = 0

    def _window(self) -> list[T]:
        """The next examples; none at the end of the stream, which then begins again."""
        self._start = self._next
        if self._iterator is None:
            self.rows.load_state_dict(self._start)
            self._iterator = iter(self.rows)
        rows = [self.read(row) for row in islice(self._iterator, self.window)]
        if rows:
            self._next = self.rows.state_dict()
        else:
            self._iterator, self._next = None, self._beginning
        return rows
