"""Curves of groups of runs: the runs thin, their mean thick, its interval a band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from framework.compare.curves import Against, Band, axis_of, band
from framework.compare.groups import Group
from framework.compare.source import Curve
from framework.runs.names import in_words, proper_name

_TIMES = {"time": "training time (s)", "cpu": "CPU time of training (s)"}


def draw(metrics: Sequence[str], groups: Sequence[Group], against: Against) -> tuple[Figure, list[str]]:
    """Draw one panel for each metric.

    Returns:
        The figure, and a note for every mean that ends before its longest run does.
    """
    columns = min(len(metrics), 3)
    rows = -(-len(metrics) // columns)
    figure = Figure(figsize=(5.5 * columns, 4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flat
    cut: list[str] = []
    task = _task(groups)
    for axis, metric in zip(axes, metrics, strict=False):
        for index, group in enumerate(groups):
            strata = [[run.curves[metric] for run in runs if metric in run.curves] for runs in group.strata]
            summary = band(strata, against)
            _draw(
                axis,
                [curve for curves in strata for curve in curves],
                summary,
                group.label,
                f"C{index % 10}",
                against,
            )
            if summary is not None and not summary.complete:
                cut.append(
                    f"{metric} of {group.label}: the mean ends where the shortest run does, at "
                    f"{summary.x[-1]:.4g} {'steps' if against == 'steps' else 's'}."
                )
        name = in_words(metric)
        axis.set_title(f"{task}: {name}" if task else name)
        axis.set_ylabel(name.rpartition(": ")[2])
        axis.set_xlabel(_unit(groups) if against == "steps" else _TIMES[against])
        axis.grid(alpha=0.3)
    for axis in list(axes)[len(metrics) :]:
        axis.remove()
    if figure.axes[0].get_legend_handles_labels()[0]:  # none where every mean is NaN
        # Long names of runs go beyond the panel rather than press it flat.
        figure.axes[0].legend().set_in_layout(False)
    return figure, cut


def _task(groups: Sequence[Group]) -> str:
    """The environment, if it is the same for all."""
    found = {run.settings.get("environment.use", "") for group in groups for run in group.runs}
    return proper_name(found.pop()) if len(found) == 1 else ""


def _unit(groups: Sequence[Group]) -> str:
    """What is counted along the axis, if it is the same for all."""
    found = {run.unit for group in groups for run in group.runs}
    unit = found.pop() if len(found) == 1 else ""
    return unit.replace("env steps", "environment steps") or "steps"


def _draw(
    axis: Any, curves: Sequence[Curve], summary: Band | None, label: str, colour: str, against: Against
) -> None:
    if summary is None or summary.low is not None:
        for curve in curves:
            axis.plot(*axis_of(curve, against), color=colour, alpha=0.25, linewidth=0.8)
    if summary is None:
        return
    axis.plot(summary.x, summary.mean, color=colour, label=label)
    if summary.low is not None:
        axis.fill_between(summary.x, summary.low, summary.high, color=colour, alpha=0.2, linewidth=0)
