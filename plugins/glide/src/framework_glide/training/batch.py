"""Images and what is known of them, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset, IterableDataset
from numpy.typing import NDArray

from framework.errors import UserError
from framework.supervised.order import Shuffled, Streamed, Supply
from framework_glide.images.tables import pixels

#: Splits up to this size are held in memory; larger ones are read from the disk as they are needed.
IN_MEMORY = 1 << 30


@dataclass(frozen=True)
class Batch:
    """Images of a step.

    Attributes:
        images: `(b, 3, h, w)` float32 in -1..1.
        rows: the other columns, by name: lists of b values.
    """

    images: torch.Tensor
    rows: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.images)

    def parts(self, size: int) -> Iterator[Batch]:
        """The same in pieces of at most `size`."""
        for start in range(0, len(self), size):
            end = start + size
            yield Batch(
                self.images[start:end], {name: column[start:end] for name, column in self.rows.items()}
            )

    def to(self, device: torch.device) -> Batch:
        return Batch(self.images.to(device), self.rows)


Row = dict[str, Any]


class Rows(Sequence[Row]):
    """Rows of a split; the images of small ones are in memory."""

    def __init__(self, split: Dataset) -> None:
        self._split = split
        self._others = split.select_columns([name for name in split.column_names if name != "image"])
        size = np.prod(split.features["image"].shape) * len(split)
        self._held = pixels(split) if size <= IN_MEMORY else None
        self._columns: dict[str, list[Any]] = {}
        if self._held is not None:
            self._columns = {name: list(values) for name, values in self._others[:].items()}

    def __len__(self) -> int:
        return len(self._split)

    def __getitem__(self, index: Any) -> Any:
        i = int(index)
        if self._held is not None:
            return {"image": self._held[i], **{name: values[i] for name, values in self._columns.items()}}
        return {"image": pixels(self._split, [i])[0], **self._others[i]}


def supply_of(split: Dataset | IterableDataset, window: int, seed: int) -> Supply[Row]:
    """The rows of a split in a shuffled order, without end.

    Args:
        split: with a column `image`, `(h, w, 3)` uint8.
        window: rows shuffled together, if it is a stream.
        seed: of the order.
    """
    if isinstance(split, IterableDataset):
        return Streamed(split, _row, window, seed)
    if not len(split):
        raise UserError("the environment's split 'train' holds no images")
    return Shuffled(Rows(split), seed)


def collate(rows: Sequence[Row]) -> Batch:
    """Put rows side by side."""
    images = to_tensor(np.stack([row["image"] for row in rows]))
    return Batch(images, {name: [row[name] for row in rows] for name in rows[0] if name != "image"})


def to_tensor(images: NDArray[np.uint8]) -> torch.Tensor:
    """Images `(n, h, w, 3)` uint8 to `(n, 3, h, w)` float32 in -1..1."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def to_images(x: torch.Tensor) -> NDArray[np.uint8]:
    """Images `(n, 3, h, w)` in -1..1, clipped, to `(n, h, w, 3)` uint8."""
    pixels = x.detach().float().add(1).mul(127.5).round().clamp(0, 255)
    return pixels.to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _row(row: Row) -> Row:
    return {**row, "image": np.asarray(row["image"], np.uint8)}
