"""Sweeps: a recipe with all combinations of some values, or a search in ranges.

    framework sweep her/reach algorithm.k=0,4 seed=0,1,2

Every combination is an ordinary run in a process of its own, whose state names the sweep as
its parent. These run folders are all that is known of a sweep: which runs wait, which are
done, what a search has found. So whatever is killed, the same command goes on.

| module      | what it holds                                                  |
|-------------|----------------------------------------------------------------|
| `axes`      | `key=a,b,c` -> combinations                                    |
| `plan`      | the combinations, each checked before anything starts          |
| `study`     | what a search tries next, by Optuna                            |
| `driver`    | runs them                                                      |
| `executors` | where: processes of this machine, or Ray                       |
| `results`   | what came of it                                                |
"""

from __future__ import annotations

from framework.sweep.driver import find_sweep, resume, sweep
from framework.sweep.executors import Executor, Handle
from framework.sweep.executors.local import LocalProcesses
from framework.sweep.executors.ray import RayTasks
from framework.sweep.plan import Goal, Plan
from framework.sweep.results import Row, Summary

__all__ = [
    "Executor",
    "Goal",
    "Handle",
    "LocalProcesses",
    "Plan",
    "RayTasks",
    "Row",
    "Summary",
    "find_sweep",
    "resume",
    "sweep",
]
