"""A run's record: its folder and state, and what lies in it.

| module        | what it holds                                                            |
|---------------|--------------------------------------------------------------------------|
| `folder`      | the run folder and its state, and how a run is found                     |
| `process`     | which process this is, and which run all of them are in                  |
| `loaders`     | loaders whose place goes into checkpoints                                |
| `journal`     | every metric on disk before it goes anywhere else                        |
| `checkpoints` | checkpoints that are whole or not there                                  |
| `provenance`  | commit, uncommitted changes, packages, hardware                          |
| `store`       | the MLflow store: which one, and making it ready                         |
| `record`      | begins a run there and on disk, and ends those whose process is gone     |
| `metrics`     | which metric is meant by a name                                          |
| `note`        | a run's description: what was found, by which command, after which paper |
| `page`        | the page of a run: all of it in one file                                 |
| `names`       | names as the store takes them                                            |
| `tracker`     | sends metrics and artifacts to the store, without the run depending on it |
"""

from __future__ import annotations

from framework.runs.folder import (
    FAILED,
    FINISHED,
    KILLED,
    ROOT,
    RUNNING,
    SWEEP,
    WAITING,
    Run,
    RunState,
    StageState,
    all_runs,
    children,
    describe,
    find_run,
    write_atomically,
)
from framework.runs.process import is_first_process

__all__ = [
    "FAILED",
    "FINISHED",
    "KILLED",
    "ROOT",
    "RUNNING",
    "SWEEP",
    "WAITING",
    "Run",
    "RunState",
    "StageState",
    "all_runs",
    "children",
    "describe",
    "find_run",
    "is_first_process",
    "write_atomically",
]
