"""The file format of demonstrations: Parquet, one row per episode.

| column          | type                   | what                                                        |
|-----------------|------------------------|-------------------------------------------------------------|
| `observation`   | list of T + 1 lists    | what was seen before each action, and at the end            |
| `achieved_goal` | list of T + 1 lists    |                                                             |
| `desired_goal`  | list of T + 1 lists    |                                                             |
| `action`        | list of T lists        | as the environment takes them, within its bounds            |
| `success`       | bool, optional         | whether the last step reached the goal                      |
| `state`         | list of T lists, opt.  | exact states before each action (`GoalVectorEnv.states`)    |

The schema's metadata has `task`, if it is known. `datasets.load_dataset("parquet", ...)`, pandas and
polars read and write such files; numbers may be float32 or float64.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from framework.errors import UserError

Array = NDArray[Any]

SEEN = ("observation", "achieved_goal", "desired_goal")


@dataclass(frozen=True)
class Demonstration:
    """One episode of T steps, in the environment's own units.

    Attributes:
        observation, achieved_goal, desired_goal: `(T + 1, n)`.
        action: `(T, actions)`.
        success: whether it ended at its goal; None if nobody says.
        state: `(T, m)`, exact states before each action; None without.
    """

    observation: Array
    achieved_goal: Array
    desired_goal: Array
    action: Array
    success: bool | None = None
    state: Array | None = None


def write(path: Path, episodes: Sequence[Demonstration], task: str) -> None:
    """Write one file; all episodes have states, or none."""
    names = [*SEEN, "action", *(["state"] if episodes[0].state is not None else [])]
    columns: dict[str, Any] = {name: _column([getattr(one, name) for one in episodes]) for name in names}
    columns["success"] = pa.array([one.success for one in episodes], pa.bool_())
    table = pa.table(columns).replace_schema_metadata({"task": task})
    pq.write_table(table, path, compression="zstd", row_group_size=64)


def read(path: Path) -> tuple[str, Iterator[Demonstration]]:
    """The task that a file says it is of ("" if it does not), and its episodes, one by one.

    Raises:
        UserError: it is no whole Parquet file, or columns are missing or of another kind.
    """
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise UserError(
            f"{path} is not a whole Parquet file: {error}\n  it was cut, or is something else"
        ) from error
    columns = set(file.schema_arrow.names)
    if missing := [name for name in (*SEEN, "action") if name not in columns]:
        raise UserError(
            f"{path} has no column {missing[0]!r}; it has {', '.join(sorted(columns)) or 'none'}\n"
            f"  demonstrations have {', '.join(SEEN)} and action, each a list of lists of numbers"
        )
    task = (file.schema_arrow.metadata or {}).get(b"task", b"").decode()
    wanted = [name for name in (*SEEN, "action", "success", "state") if name in columns]
    return task, _episodes(file, wanted, path)


def _episodes(file: Any, wanted: list[str], path: Path) -> Iterator[Demonstration]:
    number = 0
    try:
        for batch in file.iter_batches(batch_size=16, columns=wanted):
            for row in range(batch.num_rows):
                values: dict[str, Any] = {}
                for name in wanted:
                    cell = batch.column(name)[row]
                    if name == "success":
                        values[name] = cell.as_py()
                    elif cell.is_valid:
                        values[name] = _matrix(cell, f"{path}, episode {number}, {name}")
                    elif name != "state":
                        raise UserError(f"{path}, episode {number}: {name} is missing")
                yield Demonstration(**values)
                number += 1
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} is damaged after {number} episodes: {error}") from error


def _column(arrays: list[Array]) -> Any:
    flat = np.concatenate(arrays).astype(np.float64)
    offsets = np.cumsum([0, *map(len, arrays)], dtype=np.int32)
    inner = pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), flat.shape[1])
    return pa.ListArray.from_arrays(pa.array(offsets), inner)


def _matrix(cell: Any, where: str) -> Array:
    rows = getattr(cell, "values", None)
    kind = rows.type if rows is not None else cell.type
    if rows is None or not hasattr(rows, "flatten") or not hasattr(kind, "value_type"):
        raise UserError(f"{where}: {cell.type} is not a list of lists of numbers")
    flat = rows.flatten()
    if not (pa.types.is_floating(flat.type) or pa.types.is_integer(flat.type)):
        raise UserError(f"{where}: {cell.type} is not a list of lists of numbers")
    lengths = {len(row) if row.is_valid else 0 for row in rows}
    if len(lengths) > 1 or flat.null_count:
        raise UserError(f"{where}: its rows have different lengths, or gaps")
    return np.asarray(flat.to_numpy(zero_copy_only=False), np.float64).reshape(len(rows), -1)
