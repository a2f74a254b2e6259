"""Scenes with the grasps that were tried in them, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from framework.errors import UserError

#: Columns of a dataset of scenes that are learned from.
COLUMNS = ("depth", "grasps", "success")

Row = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Batch:
    """Trials in some scenes.

    Attributes:
        reliefs: `(b, views, h, w)` float32, heights in m.
        grasps: `(b, n, d)` float32.
        success: `(b, n)` bool.
    """

    reliefs: Tensor
    grasps: Tensor
    success: Tensor

    def __len__(self) -> int:
        return len(self.reliefs)

    def to(self, device: torch.device) -> Batch:
        return Batch(self.reliefs.to(device), self.grasps.to(device), self.success.to(device))

    def successful(self) -> tuple[Tensor, Tensor]:
        """The grasps that succeeded, `(m, d)`, and which scene each is of, `(m,)`."""
        return self.grasps[self.success], self.success.nonzero()[:, 0]


class Scenes(Sequence[Row]):
    """The scenes of a split, read from the disk one by one: there may be more than memory holds.

    Args:
        split: a `datasets.Dataset`.

    Raises:
        UserError: it has no scenes, or other columns.
    """

    def __init__(self, split: Any) -> None:
        missing = [name for name in COLUMNS if name not in split.column_names]
        if missing:
            raise UserError(f"a dataset of grasps has columns {', '.join(COLUMNS)}; {missing[0]} is missing")
        if not len(split):
            raise UserError("the environment's split 'train' holds no scenes")
        self._split = split.select_columns(list(COLUMNS)).with_format("numpy")

    def __len__(self) -> int:
        return len(self._split)

    def __getitem__(self, index: Any) -> Any:
        return self._split[int(index)]


def collate(rows: Sequence[Row]) -> Batch:
    """Put scenes side by side."""
    return Batch(
        torch.from_numpy(np.stack([np.asarray(row["depth"], np.float32) for row in rows])),
        torch.from_numpy(np.stack([np.asarray(row["grasps"], np.float32) for row in rows])),
        torch.from_numpy(np.stack([np.asarray(row["success"], np.bool_) for row in rows])),
    )
