"""Runs at a glance: their score, age and size, and in which order to show them."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framework.plain import finite_or_text
from framework.runs.folder import ROOT, Run, all_runs, describe
from framework.runs.names import short_names


def listed(root: Path = ROOT) -> list[Run]:
    """All runs, newest first; those of a sweep right after it, in the order they were made."""
    runs = list(all_runs(root))
    nested: dict[str, list[Run]] = {run.state.run_id: [] for run in runs}
    tops: list[Run] = []
    for run in runs:
        nested.get(run.state.parent, tops).append(run)
    return [each for top in tops for each in (top, *reversed(nested[top.state.run_id]))]


def summary(run: Run) -> dict[str, Any]:
    """A run for a program to read; size in bytes, age in seconds, score null if there is none."""
    return {
        **describe(run),
        "metrics": {name: finite_or_text(value) for name, value in run.metrics.items()},
        "standing": run.standing,
        "alive": run.alive,
        "host": run.state.host,
        "parent": run.state.parent,
        "choices": run.state.choices,
        "changes": run.state.changes,
        "score": dict(zip(("metric", "value"), map(finite_or_text, score(run) or ()), strict=False)) or None,
        "created": run.state.created,
        "age": time.time() - run.state.created,
        "size": size(run.folder),
    }


def score(run: Run) -> tuple[str, float] | None:
    """The metric that matters first: the first one of the last stage that has been judged."""
    judged = [name for name, stage in run.state.stages.items() if any(stage.reports.values())]
    prefix = f"{judged[-1]}/" if judged and judged[-1] else ""
    return next(((name, value) for name, value in run.metrics.items() if name.startswith(prefix)), None)


def unnamed(run: Run) -> str:
    """The overrides that the run's name does not tell of, those it was gone on with too."""
    later = [one for change in run.state.changes for one in change["overrides"]]
    given = dict(one.split("=", 1) for one in [*run.state.overrides, *later])  # the last word counts
    short = short_names(given)
    return " ".join(
        f"{key}={value}"
        for key, value in given.items()
        if f"{short[key]}={value}" not in run.state.name and not key.startswith("tracking.")
    )


def size(folder: Path) -> int:
    """Bytes of all files below a folder, which may be changing."""
    return sum(_sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    for above, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                yield (Path(above) / name).lstat().st_size


def free(root: Path = ROOT) -> int:
    """Bytes left on the disk of the runs."""
    return shutil.disk_usage(root).free


def in_bytes(count: float) -> str:
    """`1.2 GB`, in powers of a thousand, as disks are sold."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"


def in_time(seconds: float) -> str:
    """`3 h`: in the largest unit of which there is one."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
