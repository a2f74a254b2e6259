"""Elo scores of maximum likelihood from games, or comparisons, of pairs.

Player i beats j with probability 1 / (1 + 10^((s_j - s_i) / 400)): the Bradley-Terry model. Only
differences of scores mean something; here their mean is 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Elo points by which the odds of winning grow e times.
SCALE = 400 / np.log(10)


def elo_scores(wins: ArrayLike, prior: float = 0.0) -> NDArray[np.float64]:
    """The scores of maximum likelihood, `(players,)`, mean 0.

    Args:
        wins: `(players, players)`: how often the row beat the column; a draw is half a win for both.
        prior: wins added to each side of every pair that met, so that one that always won stays finite.

    Raises:
        ValueError: there is no finite maximum: some group of players was never beaten from outside.
    """
    counts = np.asarray(wins, dtype=np.float64)
    met = (counts + counts.T) > 0
    counts = np.where(met & ~np.eye(len(counts), dtype=bool), counts + prior, 0.0)
    if not _connected(counts > 0):
        raise ValueError("no finite scores: some players were never beaten by the others; give a prior")
    games = counts + counts.T
    theta = np.zeros(len(counts))
    value = _log_likelihood(theta, counts)
    for _ in range(100):
        chance = 1 / (1 + np.exp(theta[None, :] - theta[:, None]))
        gradient = (counts - games * chance).sum(axis=1)
        weight = games * chance * (1 - chance)
        hessian = np.diag(weight.sum(axis=1)) - weight
        # The likelihood does not know the mean; adding a constant matrix keeps the mean at 0.
        step = np.linalg.solve(hessian + weight.sum() / len(counts) ** 2, gradient)
        size = 1.0
        while (reached := _log_likelihood(theta + size * step, counts)) < value and size > 1e-6:
            size /= 2
        theta, value = theta + size * step, reached
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray((theta - theta.mean()) * SCALE)


def _log_likelihood(theta: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    return -float((counts * np.logaddexp(0, theta[None, :] - theta[:, None])).sum())


def _connected(beat: NDArray[np.bool_]) -> bool:
    """Whether each player reaches each other one along wins (Ford 1957: then the maximum is finite)."""
    reach = beat | np.eye(len(beat), dtype=bool)
    for _ in range(len(beat)):
        reach = (reach.astype(np.int64) @ reach) > 0
    return bool(reach.all())
