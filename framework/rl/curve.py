"""LearningCurve: what an evaluator saw during training, against all that training cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from framework.errors import UserError
from framework.report import Report, Table
from framework.runs.weights import read_checkpoint

_COSTS = ("env_steps", "updates", "wall_seconds", "cpu_seconds")


class LearningCurve:
    """One point for each evaluation during training; part of the evaluator's state.

    Args:
        name: of what is measured, as people read it: "success rate".
        limits: of the axis it is drawn on; None to fit what there is.

    Attributes:
        points: a column for each cost (environment steps, updates, seconds of wall-clock and of
            CPU, of training alone), and one for what is measured.
    """

    def __init__(self, name: str, limits: tuple[float, float] | None = None) -> None:
        self.name, self.limits = name, limits
        self.points: dict[str, list[float]] = {column: [] for column in (*_COSTS, name)}

    def add(self, counters: Any, value: float) -> None:
        """Add a point at what `counters`, of a `CycleAlgorithm`, say."""
        for cost in _COSTS:
            self.points[cost].append(getattr(counters, cost))
        self.points[self.name].append(value)

    def show(self, report: Report) -> None:
        """Put table and figure into a report, if there is a point."""
        if not self.points[self.name]:
            return
        rows = list(zip(*self.points.values(), strict=True))
        report.tables["learning curve"] = Table([column.replace("_", " ") for column in self.points], rows)
        labels = {
            "env_steps": "environment steps",
            "wall_seconds": "training time (s)",
            "cpu_seconds": "CPU time of training (s)",
        }
        figure = Figure(figsize=(4.5 * len(labels), 3.5), layout="constrained")
        axes = figure.subplots(1, len(labels), sharey=True)
        for each, (cost, label) in zip(axes, labels.items(), strict=True):
            each.plot(self.points[cost], self.points[self.name], marker=".")
            each.set(xlabel=label)
            each.grid(alpha=0.3)
        axes[0].set(ylabel=self.name, ylim=self.limits)
        report.figures[self.name] = figure

    def state_dict(self) -> dict[str, Any]:
        return {"points": {column: list(values) for column, values in self.points.items()}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.points = {column: list(state["points"][column]) for column in self.points}


def saved_curve(path: Path, name: str) -> LearningCurve:
    """What another training's evaluator saw of the same thing, out of that training's checkpoint.

    Args:
        path: the checkpoint; no code in it is run.
        name: of what was measured.

    Raises:
        UserError: it is no checkpoint, or no evaluator of that training measured this as it went.
    """
    callbacks = read_checkpoint(path).get("callbacks") or {}
    for state in callbacks.values():
        seen = state.get("monitor") if isinstance(state, dict) else None
        points = seen.get("points") if isinstance(seen, dict) else None
        if isinstance(points, dict) and points.get(name):
            curve = LearningCurve(name)
            curve.load_state_dict({"points": points})
            return curve
    raise UserError(
        f"beside: no curve of the {name} is in {path}\n"
        "  give it an evaluator with the same `use`, and `every`, while it trains"
    )


def show_beside(curves: Mapping[str, LearningCurve], report: Report) -> None:
    """Put several curves of the same thing into a report: one figure, and a table of their means and ends."""
    (name,) = {curve.name for curve in curves.values()}
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    rows: list[list[Any]] = []
    for label, curve in curves.items():
        steps, values = np.array(curve.points["env_steps"]), np.array(curve.points[name])
        if not len(values):
            continue
        axes.plot(steps, values, marker=".", label=label)
        rows.append([label, int(steps[-1]), float(values.mean()), float(values.max()), float(values[-1])])
    axes.set(xlabel="environment steps", ylabel=name)
    axes.legend()
    axes.grid(alpha=0.3)
    report.figures[f"{name}, beside others"] = figure
    report.tables["beside others"] = Table(
        ["training", "environment steps", f"{name} over all of it", "best", "last"], rows
    )
