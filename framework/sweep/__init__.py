"""Sweeps: a recipe with all combinations of some values, or a search in ranges.

    framework sweep recipes/her_reach.yaml algorithm.k=0,4 seed=0,1,2

Every combination is a run in a process of its own, nested under one MLflow run. An Optuna
study beside the tracking store records which are done; the same command goes on where a
killed sweep stopped.
"""

from __future__ import annotations

from framework.sweep.driver import resume, sweep
from framework.sweep.executor import Executor, Handle, LocalProcesses
from framework.sweep.parent import find_sweep
from framework.sweep.plan import Goal, Plan
from framework.sweep.results import Row, Summary

__all__ = [
    "Executor",
    "Goal",
    "Handle",
    "LocalProcesses",
    "Plan",
    "Row",
    "Summary",
    "find_sweep",
    "resume",
    "sweep",
]
