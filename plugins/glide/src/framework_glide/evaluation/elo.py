"""Elo scores from pairwise preferences (section 5.2 of the paper)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framework.ratings import elo_scores


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
