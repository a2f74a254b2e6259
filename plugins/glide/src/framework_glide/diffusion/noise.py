"""Where a sampler's noise comes from: a generator per picture, or a recording."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import torch
from torch import Tensor


class Noise(Protocol):
    """Standard normal noise: drawn once to begin with, then once a step."""

    def draw(self, shape: Sequence[int]) -> Tensor:
        """The next noise, float32, `shape` (b, c, h, w)."""
        ...


class ImageNoise:
    """Noise that depends on a picture's own seed and on how often it was drawn, and on nothing else.

    So a picture does not change with the size or the order of the batch it is in.

    Args:
        seeds: one for each picture of the batch, of any sign and size.
    """

    def __init__(self, seeds: Iterable[int]) -> None:
        self.generators = [torch.Generator().manual_seed(int(seed) % 2**63) for seed in seeds]

    def __len__(self) -> int:
        return len(self.generators)

    def draw(self, shape: Sequence[int]) -> Tensor:
        """The next noise of each picture, float32 (b, c, h, w) on the CPU.

        Raises:
            ValueError: the batch is not as long as the seeds.
        """
        if shape[0] != len(self.generators):
            raise ValueError(f"noise for {shape[0]} pictures asked of {len(self.generators)} seeds")
        noise = torch.empty(tuple(shape), dtype=torch.float32)
        for row, generator in zip(noise.unbind(), self.generators, strict=True):
            row.normal_(generator=generator)
        return noise

    def rows(self, index: slice | Sequence[int]) -> ImageNoise:
        """The noise of some of the pictures. It goes on where this one is, and moves this one on too."""
        part = ImageNoise(())
        numbers = range(len(self))[index] if isinstance(index, slice) else index
        part.generators = [self.generators[number] for number in numbers]
        return part

    def state_dict(self) -> dict[str, Tensor]:
        """Where each picture's noise is, for going on after an interruption: uint8 (b, n)."""
        states = [generator.get_state() for generator in self.generators]
        return {"generators": torch.stack(states) if states else torch.empty(0, 0, dtype=torch.uint8)}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from `state_dict`'s."""
        for generator, row in zip(self.generators, state["generators"], strict=True):
            # torch 2.13 crashes on a state that is a part of another tensor.
            generator.set_state(row.clone())


class RecordedNoise:
    """Noise from a list, for following another implementation step by step.

    Args:
        record: in the order of use, (n, b, c, h, w) or n tensors (b, c, h, w): first the noise to
            begin with, unless `sample` is given a `start`, then one for each step.
    """

    def __init__(self, record: Iterable[Tensor]) -> None:
        self.record = iter(record)

    def draw(self, shape: Sequence[int]) -> Tensor:
        """The next of the list.

        Raises:
            ValueError: the list is at its end, or has another shape.
        """
        noise = next(self.record, None)
        if noise is None or noise.shape != torch.Size(shape):
            found = "nothing is left" if noise is None else f"the next has {tuple(noise.shape)}"
            raise ValueError(f"noise of shape {tuple(shape)} asked of a recording: {found}")
        return noise
