"""Elo scores from pairwise preferences (section 5.2 of the paper).

Player i beats j with probability 1 / (1 + 10^((s_j - s_i) / 400)): the Bradley-Terry model, whose
scores are those of maximum likelihood. Only differences of scores mean something; here their mean is 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Elo points by which the odds of winning grow e times.
SCALE = 400 / np.log(10)


@dataclass(frozen=True)
class Elo:
    """Scores and the range that resampling the comparisons gives.

    Attributes:
        scores: `(players,)`, mean 0.
        low: `(players,)`, 2.5% quantile.
        high: `(players,)`, 97.5% quantile.
    """

    scores: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


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


def elo(scores: NDArray[np.float64], seed: int = 0, resamples: int = 500, prior: float = 0.5) -> Elo:
    """Elo from scores of pictures: of two pictures for one prompt, the higher score is preferred.

    Args:
        scores: `(players, n)`, of each player's picture for each of n prompts.
        seed: of the resampling of prompts.
        resamples: how many.
        prior: see `elo_scores`.
    """
    beaten = preferences(scores)
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        # Prompts are resampled, not comparisons: those of one prompt are not independent.
        weights = np.bincount(
            generator.integers(scores.shape[1], size=scores.shape[1]), minlength=scores.shape[1]
        )
        drawn.append(elo_scores(beaten @ weights, prior))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return Elo(elo_scores(beaten.sum(axis=-1), prior), low, high)


def preferences(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(players, players, n)`: 1 where the row's score for a prompt is the higher, .5 where equal."""
    difference = scores[:, None] - scores[None]
    return np.asarray(np.where(difference == 0, 0.5, difference > 0))


def _log_likelihood(theta: NDArray[np.float64], counts: NDArray[np.float64]) -> float:
    return -float((counts * np.logaddexp(0, theta[None, :] - theta[:, None])).sum())


def _connected(beat: NDArray[np.bool_]) -> bool:
    """Whether each player reaches each other one along wins (Ford 1957: then the maximum is finite)."""
    reach = beat | np.eye(len(beat), dtype=bool)
    for _ in range(len(beat)):
        reach = (reach.astype(np.int64) @ reach) > 0
    return bool(reach.all())
