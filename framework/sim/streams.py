"""One random stream per environment, drawn from as if they were one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Words of one stream's state: two numbers of 128 bits, and NumPy's buffered half word.
WORDS = 6
_LOW = 2**64 - 1


class Streams:
    """Independent random generators, one per environment.

    What environment `i` draws depends on its own seed and its own earlier draws, never on
    how many environments there are or what they draw.

    Args:
        count: number of streams, seeded by the operating system until `reseed`.
        spawn_key: streams of another key draw other numbers from the same seeds.
    """

    def __init__(self, count: int, spawn_key: tuple[int, ...] = ()) -> None:
        self._key = spawn_key
        self.generators = [_generator(None) for _ in range(count)]

    def __len__(self) -> int:
        return len(self.generators)

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the state."""
        return len(self), WORDS

    def reseed(self, seed: int | Sequence[int | None], ids: NDArray[np.intp] | None = None) -> None:
        """Start the streams `ids` (all by default) afresh.

        Args:
            seed: one number, from which stream `i` gets the `i`-th spawned seed; or one seed
                for each environment, where None leaves that stream alone.
            ids: `(k,)` indices of the streams to touch.

        Raises:
            ValueError: a sequence of another length than the number of streams.
        """
        chosen = range(len(self)) if ids is None else [int(i) for i in ids]
        if isinstance(seed, (int, np.integer)):
            for i in chosen:
                self.generators[i] = _generator(np.random.SeedSequence(int(seed), spawn_key=(i, *self._key)))
            return
        if len(seed) != len(self):
            raise ValueError(f"{len(seed)} seeds for {len(self)} environments")
        for i in chosen:
            one = seed[i]
            if one is not None:
                self.generators[i] = _generator(np.random.SeedSequence(int(one), spawn_key=self._key))

    def uniform(
        self, ids: NDArray[np.intp], low: ArrayLike, high: ArrayLike, size: int
    ) -> NDArray[np.float64]:
        """Draw `size` numbers from each of the streams `ids`.

        Args:
            ids: `(k,)` indices.
            low: lower bound, broadcast to `(k, size)`.
            high: upper bound, likewise.
            size: how many from each.

        Returns:
            `(k, size)`, uniform in `[low, high)`.
        """
        unit = np.empty((len(ids), size))
        for row, i in zip(unit, ids, strict=True):
            self.generators[i].random(out=row)
        low = np.asarray(low)
        return np.asarray(low + (high - low) * unit)

    def normal(self, ids: NDArray[np.intp], size: int) -> NDArray[np.float64]:
        """Draw `size` numbers of mean 0 and variance 1 from each of the streams `ids`: `(k, size)`."""
        numbers = np.empty((len(ids), size))
        for row, i in zip(numbers, ids, strict=True):
            self.generators[i].standard_normal(out=row)
        return numbers

    def get_state(self) -> NDArray[np.uint64]:
        """Return the exact state, `(count, 6)`."""
        rows = np.zeros((len(self), WORDS), np.uint64)
        for row, generator in zip(rows, self.generators, strict=True):
            state: Any = generator.bit_generator.state
            position, increment = state["state"]["state"], state["state"]["inc"]
            row[:4] = position >> 64, position & _LOW, increment >> 64, increment & _LOW
            row[4:] = state["has_uint32"], state["uinteger"]
        return rows

    def set_state(self, rows: NDArray[np.uint64]) -> None:
        """Continue from a state that `get_state` returned."""
        for row, generator in zip(rows.tolist(), self.generators, strict=True):
            generator.bit_generator.state = {
                "bit_generator": "PCG64",
                "state": {"state": row[0] << 64 | row[1], "inc": row[2] << 64 | row[3]},
                "has_uint32": row[4],
                "uinteger": row[5],
            }


def _generator(seed: np.random.SeedSequence | None) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))
