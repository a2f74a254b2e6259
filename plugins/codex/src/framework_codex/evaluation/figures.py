"""The figures of the evaluators' reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, Formatter, LogLocator, NullFormatter, StrMethodFormatter
from numpy.typing import ArrayLike

from framework_codex.evaluation.estimator import Floats, rate_interval
from framework_codex.evaluation.groups import Groups


def canvas(
    columns: int = 1, rows: int = 1, width: float = 5.0, height: float = 3.6
) -> tuple[Figure, list[Axes]]:
    """A figure and its axes, row by row."""
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for one in axes:
        one.grid(alpha=0.3)
    return figure, axes


def temperature_figure(k: ArrayLike, temperatures: Sequence[float | None], curves: Floats) -> Figure:
    """pass@k against k for each temperature, and the best temperature (figure 5).

    Args:
        k: `(j,)`, numbers of samples.
        temperatures: of the curves; None if it is not known.
        curves: `(temperatures, j)`, pass@k.
    """
    several = len(temperatures) > 1
    figure, axes = canvas(columns=2 if several else 1)
    for temperature, curve in zip(temperatures, curves, strict=True):
        axes[0].plot(k, curve, label="" if temperature is None else f"T = {temperature:g}")
    axes[0].set(xlabel="k, samples tried", ylabel="pass@k")
    if several:
        axes[0].legend(fontsize="small")
        best = np.array(temperatures, dtype=np.float64)[curves.argmax(axis=0)]
        axes[1].step(k, best, where="mid")
        axes[1].set(xlabel="k, samples tried", ylabel="best temperature", ylim=(0, None))
    for one in axes:
        plain_logarithmic(one)
    return figure


def length_figure(found: Groups, ks: Sequence[int]) -> Figure:
    """pass@k against the number of chained blocks, with its interval (figure 11).

    Args:
        found: means `(lengths, ks)` by length.
        ks: a line each.
    """
    figure, axes = canvas()
    for j, k in enumerate(ks):
        (line,) = axes[0].plot(found.labels, found.means[:, j], marker="o", label=f"pass@{k}")
        axes[0].fill_between(
            found.labels, found.low[:, j], found.high[:, j], color=line.get_color(), alpha=0.15
        )
    axes[0].set(xlabel="chained blocks", ylabel="share of problems", ylim=(-0.02, 1.02), xticks=found.labels)
    axes[0].legend()
    return figure


def ranking_figure(of: Sequence[int], values: Mapping[str, Floats]) -> Figure:
    """Share of problems solved by the chosen sample against how many there were, with intervals (figure 7).

    Args:
        of: `(j,)`.
        values: by what chooses, `(problems, j)`.
    """
    figure, axes = canvas()
    for name, value in values.items():
        (line,) = axes[0].plot(of, value.mean(axis=0), marker=".", label=name)
        axes[0].fill_between(of, *rate_interval(value), color=line.get_color(), alpha=0.12)
    axes[0].set(xlabel="samples to choose from", ylabel="share of problems solved", ylim=(-0.02, 1.02))
    axes[0].legend(fontsize="small")
    plain_logarithmic(axes[0])
    return figure


def overlap_figure(scores: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Histograms of the BLEU of right and wrong programs, a panel per problem (figure 8)."""
    columns = min(2, len(scores))
    figure, axes = canvas(columns, rows=-(-len(scores) // columns), height=2.4)
    bins = np.linspace(0, 100, 26).tolist()
    for one, (title, (right, wrong)) in zip(axes, scores.items(), strict=False):
        one.hist(np.asarray(right), bins, density=True, alpha=0.6, label="right")
        one.hist(np.asarray(wrong), bins, density=True, alpha=0.6, label="wrong")
        one.set(xlabel="BLEU", ylabel="density", title=title)
        one.legend(fontsize="small")
    for one in axes[len(scores) :]:
        one.remove()
    return figure


def contexts_figure(contexts: Sequence[str], rates: Floats, low: Floats, high: Floats) -> Figure:
    """Pass rates with their intervals, a bar for each context."""
    figure, axes = canvas()
    axes[0].bar(list(contexts), rates, yerr=[rates - low, high - rates], capsize=4)
    axes[0].set(xlabel="examples before the problem", ylabel="pass@1", ylim=(0, 1))
    return figure


def shares_figure(shares: Mapping[str, float], label: str) -> Figure:
    """A horizontal bar for each share, the first on top."""
    figure, axes = canvas(width=7, height=1 + 0.3 * len(shares))
    names = list(shares)[::-1]
    axes[0].barh(names, [shares[name] for name in names])
    axes[0].set(xlabel=label, xlim=(0, 1))
    return figure


def operations_figure(operations: Sequence[int], rates: Mapping[str, ArrayLike], found: Groups) -> Figure:
    """Shares of programs with each result against the number of operations, stacked.

    Args:
        operations: ascending.
        rates: by result, `(operations,)`; the first are the right ones.
        found: the rates of right ones with their intervals.
    """
    figure, axes = canvas(width=8)
    floor = np.zeros(len(operations))
    for name, rate in rates.items():
        axes[0].bar(operations, np.asarray(rate), bottom=floor, label=name)
        floor = floor + np.asarray(rate)
    ends = [found.means - found.low, found.high - found.means]
    axes[0].errorbar(operations, found.means, yerr=ends, fmt="none", ecolor="black", capsize=4)
    axes[0].set(xlabel="operations to bind", ylabel="share of programs", ylim=(0, 1), xticks=list(operations))
    axes[0].legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def scaling_figure(parameters: Floats, loss: Floats, fits: Mapping[str, tuple[Floats, Floats]]) -> Figure:
    """Held-out loss against model size on logarithmic axes (figure 4).

    Args:
        parameters: `(m,)`, without embeddings.
        loss: `(m,)`, nats per token.
        fits: by label, the x and y of a curve.
    """
    figure, axes = canvas()
    axes[0].plot(parameters, loss, "o")
    for label, (x, y) in fits.items():
        axes[0].plot(x, y, label=label)
    axes[0].set(xlabel="parameters without embeddings", ylabel="held-out loss, nats per token")
    plain_logarithmic(axes[0], EngFormatter(sep=""))
    axes[0].set_yscale("log")
    axes[0].yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes[0].yaxis.set_minor_formatter(StrMethodFormatter("{x:g}"))
    axes[0].legend()
    return figure


def size_figure(
    names: Sequence[str],
    series: Mapping[str, tuple[Sequence[int], Mapping[str, Sequence[tuple[float, float, float]]]]],
) -> Figure:
    """Metrics against model size with their intervals, a panel each.

    Args:
        names: of the metrics.
        series: by label, the models' parameters and of each metric value, low and high.
    """
    columns = min(3, len(names))
    figure, axes = canvas(columns, rows=-(-len(names) // columns))
    for one, name in zip(axes, names, strict=False):
        for label, (sizes, curves) in series.items():
            value, low, high = np.array(curves[name], dtype=np.float64).reshape(-1, 3).T
            (line,) = one.plot(sizes, value, marker="o", label=label)
            one.fill_between(sizes, low, high, color=line.get_color(), alpha=0.15)
        one.set(xlabel="parameters without embeddings", ylabel=name.replace("_", " "))
        plain_logarithmic(one, EngFormatter(sep=""), (1,))
        if len(series) > 1:
            one.legend(fontsize="small")
    for one in axes[len(names) :]:
        one.remove()
    return figure


def plain_logarithmic(
    axes: Axes, numbers: Formatter | None = None, digits: Sequence[float] = (1, 2, 5)
) -> None:
    """A logarithmic x axis with plain numbers at it, those that begin with one of the digits."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=tuple(digits)))
    axes.xaxis.set_major_formatter(numbers or StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
