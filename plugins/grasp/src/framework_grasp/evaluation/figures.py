"""Figures of the evaluators' reports."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from framework_grasp.arrays import Array


def canvas(
    columns: int = 1, rows: int = 1, width: float = 4.2, height: float = 3.4
) -> tuple[Figure, list[Axes]]:
    """A figure and its axes, row by row."""
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def reliability(expected: Array, happened: Array, counts: Array) -> Figure:
    """Success against what the evaluator expected, and how often it expected it.

    Args:
        expected: mean probability of each bin, `(k,)`; NaN where it is empty.
        happened: share of successes in it, `(k,)`.
        counts: trials in it, `(k,)`.
    """
    figure, axes = canvas(2)
    axes[0].plot([0, 1], [0, 1], color="gray", linewidth=0.8)
    axes[0].plot(expected, happened, marker="o")
    axes[0].set(
        xlabel="probability by the evaluator", ylabel="share that succeeded", xlim=(0, 1), ylim=(0, 1)
    )
    width = 1 / len(counts)
    axes[1].bar((np.arange(len(counts)) + 0.5) * width, counts, width=0.9 * width)
    axes[1].set(xlabel="probability by the evaluator", ylabel="trials", xlim=(0, 1))
    return figure
