"""Where in the space of goals a policy succeeds: a heat map, or bars along one quantity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from framework.rl.evaluate import quotas
from framework.statistics import wilson_interval

Array = NDArray[Any]

#: Episodes that a bin should have, in a map of two quantities and along one.
PER_CELL, PER_BAR = 8, 20
MOST_BINS = 10


class Witness:
    """A policy that remembers from where to which goal each episode went.

    Args:
        policy: what acts.
        environments: how many are played together.
    """

    def __init__(self, policy: Any, environments: int) -> None:
        self.policy = policy
        self._new = np.zeros(environments, np.bool_)
        self._seen: list[list[tuple[Array, Array]]] = [[] for _ in range(environments)]

    def __call__(self, observation: Any) -> Array:
        if isinstance(observation, Mapping) and "achieved_goal" in observation:
            for i in np.flatnonzero(self._new):
                first = observation["achieved_goal"][i], observation["desired_goal"][i]
                self._seen[i].append((first[0].copy(), first[1].copy()))
        self._new[:] = False
        action: Array = self.policy(observation)
        return action

    def ended(self, which: NDArray[np.bool_]) -> None:
        """Take what comes next in these environments for the start of an episode."""
        self._new |= which
        if hasattr(self.policy, "ended"):
            self.policy.ended(which)

    def goals(self, episodes: int) -> tuple[Array, Array] | None:
        """What was achieved first, and what was desired, in the order of `evaluate_policy`'s outcomes.

        Returns:
            Both `(episodes, n)`; None if observations have no goals.
        """
        quota = quotas(episodes, len(self._seen))
        kept = [pair for seen, most in zip(self._seen, quota, strict=True) for pair in seen[:most]]
        if len(kept) != episodes:
            return None
        first, desired = zip(*kept, strict=True)
        return np.stack(first), np.stack(desired)


def coordinates(first: Array, desired: Array) -> dict[str, Array]:
    """By what goals differ where the environment does not say: their first two numbers."""
    return {f"goal[{i}]": desired[:, i] for i in range(min(2, desired.shape[1]))}


def draw(quantities: Mapping[str, Array], success: Array) -> Figure:
    """Draw the share of successes by one or two quantities of the goals.

    Args:
        quantities: one or two, each `(episodes,)`, by what to write at their axis.
        success: `(episodes,)`, 0 or 1.
    """
    figure = Figure(figsize=(5.5, 4.2), layout="constrained")
    axes = figure.subplots()
    if len(quantities) == 1:
        ((label, values),) = quantities.items()
        _bars(axes, values, success)
        axes.set(xlabel=label, ylabel="success rate", ylim=(-0.02, 1.02))
        return figure
    (xlabel, x), (ylabel, y) = quantities.items()
    rates, *edges = success_by(x, y, success)
    drawn = axes.pcolormesh(*edges, np.ma.masked_invalid(rates.T), vmin=0, vmax=1, cmap="viridis")
    figure.colorbar(drawn, label="success rate")
    missed = success == 0
    axes.plot(x[~missed], y[~missed], "o", color="white", markersize=2, alpha=0.7)
    axes.plot(x[missed], y[missed], "x", color="red", markersize=4, label="missed")
    axes.set(xlabel=xlabel, ylabel=ylabel)
    if missed.any():
        axes.legend()
    return figure


def success_by(x: Array, y: Array, success: Array) -> tuple[Array, Array, Array]:
    """Share of successes in the cells of a grid.

    Args:
        x: a quantity of each episode's goal, `(episodes,)`.
        y: another.
        success: 0 or 1.

    Returns:
        Shares `(bins, bins)`, x first, NaN where there is no episode; the edges of the bins
        along x and along y.
    """
    bins = int(np.clip(np.sqrt(len(success) / PER_CELL), 1, MOST_BINS))
    played, across, up = np.histogram2d(x, y, bins)
    won, *_ = np.histogram2d(x, y, [across, up], weights=success)
    return np.where(played > 0, won / np.maximum(played, 1), np.nan), across, up


def _bars(axes: Any, values: Array, success: Array) -> None:
    edges = np.histogram_bin_edges(values, int(np.clip(len(values) / PER_BAR, 1, MOST_BINS)))
    played, won = (np.histogram(values, edges, weights=weights)[0] for weights in (None, success))
    some = np.flatnonzero(played)
    rate = won[some] / played[some]
    ends = np.array([wilson_interval(int(won[i]), int(played[i])) for i in some]).T
    axes.bar(edges[some], rate, np.diff(edges)[some], align="edge", color="C0", edgecolor="white")
    centres = (edges[some] + edges[some + 1]) / 2
    axes.errorbar(centres, rate, np.abs(ends - rate), fmt="none", color="black", capsize=3, linewidth=1)
