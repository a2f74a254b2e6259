"""dex_hand/poses: pictures with where the object is, to learn from."""

from __future__ import annotations

from typing import Any

import pyarrow.parquet as pq
from datasets import Dataset, DatasetDict, concatenate_datasets

from framework.errors import UserError
from framework.shards import Shards
from framework_dex_hand.vision.config import PosesConfig
from framework_dex_hand.vision.renders import FEATURES


def make_poses(config: PosesConfig) -> DatasetDict:
    """Read what `dex_hand/renders` wrote; see there for the columns.

    Returns:
        Splits `train` and `test`, the last states: of other episodes, if `held_out` is a shard or more. With
        `held_out` 1 there is `test` alone.

    Raises:
        UserError: there are no pictures, a shard is gone, or it holds something else.
    """
    folder = config.path
    if not folder.is_dir():
        raise UserError(f"there are no pictures at {folder}\n  give the output of dex_hand/renders")
    shards = Shards(folder)
    if gone := shards.missing():
        raise UserError(f"{folder} is not whole: {', '.join(gone)} is gone or cut")
    files = sorted(folder / name for name in shards.finished())
    if not files:
        raise UserError(f"there are no pictures in {folder}\n  give the output of dex_hand/renders")
    parts: list[Any] = [Dataset(pq.read_table(file)) for file in files]
    for file, part in zip(files, parts, strict=True):
        if part.features != FEATURES:
            raise UserError(
                f"{file} has columns {', '.join(part.column_names)}, not {', '.join(FEATURES)} as "
                "dex_hand/renders writes them: images, and lists of 3 and 4 float32"
            )
    rows = concatenate_datasets(parts)
    first = len(rows) - max(1, round(config.held_out * len(rows)))
    splits = {"test": rows.select(range(first, len(rows)))}
    if first:
        splits["train"] = rows.select(range(first))
    return DatasetDict(splits)
