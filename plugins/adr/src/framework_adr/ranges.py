"""How the ranges of a training widened, and their entropy."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from framework.errors import UserError
from framework.report import Report, Table
from framework_adr.config import RangesConfig
from framework_adr.history import History


class Ranges:
    """Shows what automatic domain randomization did: a ribbon for each parameter, and entropy.

    Nothing is played. Metrics are the entropy at the end, and by how much it is above what it started with;
    nats per dimension.

    Args:
        config: the parameters.
    """

    def __init__(self, config: RangesConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Report on a training by `adr/adr`.

        Raises:
            UserError: it was none.
        """
        history, bounds = getattr(algorithm, "history", None), getattr(algorithm, "bounds", None)
        if not isinstance(history, History) or bounds is None:
            raise UserError(
                f"{type(algorithm).__name__} widens no ranges\n  it is for algorithm: {{use: adr/adr, ...}}"
            )
        done, _, unit = algorithm.progress()
        times = np.array([*history.done, done])
        values = np.stack([*history.values, history.values[-1]])
        entropy = np.array([*history.entropy, history.entropy[-1]])
        units = [environment.parameters()[name].unit for name in bounds.names]
        rows = []
        for i, name in enumerate(bounds.names):
            (start, _), (low, high) = values[0, i].tolist(), values[-1, i].tolist()
            moves = (np.diff(values[:, i], axis=0) != 0).sum(axis=0).tolist()
            rows.append([name, units[i], start, low, high, *moves])
        columns = ["parameter", "unit", "start", "low", "high", "moves of low", "moves of high"]
        rise = float(entropy[-1] - entropy[0])
        report = Report(metrics={"entropy": float(entropy[-1]), "entropy_rise": rise})
        caption = f"Entropy {entropy[-1]:.3f} nats per dimension, {rise:.3f} above that of the start."
        report.tables["ranges"] = Table(columns, rows, caption=caption)
        labels = [
            f"{name} ({unit})" if unit else name for name, unit in zip(bounds.names, units, strict=True)
        ]
        logs = [bounds.config.parameters[name].log for name in bounds.names]
        report.figures["ranges over training"] = _ribbons(
            times, values, labels, logs, unit, self.config.columns
        )
        report.figures["entropy over training"] = _line(times, entropy, unit)
        return report


def _ribbons(times: Any, values: Any, labels: list[str], logs: list[bool], unit: str, columns: int) -> Figure:
    wide = min(len(labels), columns)
    high = -(-len(labels) // wide)
    figure = Figure(figsize=(4 * wide, 2.8 * high), layout="constrained")
    for i, label in enumerate(labels):
        axes = figure.add_subplot(high, wide, i + 1)
        low, top = values[:, i].T
        axes.fill_between(times, low, top, step="post", alpha=0.35)
        axes.axhline(low[0], color="black", linewidth=0.8)
        axes.set(title=label, xlabel=unit, yscale="log" if logs[i] else "linear")
        axes.grid(alpha=0.3)
    return figure


def _line(times: Any, entropy: Any, unit: str) -> Figure:
    figure = Figure(figsize=(5, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.step(times, entropy, where="post")
    axes.set(xlabel=unit, ylabel="entropy (nats per dimension)")
    axes.grid(alpha=0.3)
    return figure
