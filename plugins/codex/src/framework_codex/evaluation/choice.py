"""Choosing one of several samples by a score: how often the chosen one passes, exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from framework_codex.evaluation.estimator import Floats, pass_at_k


def chosen_passes(scores: Floats, passed: NDArray[np.bool_], of: ArrayLike) -> Floats:
    """Probability that the sample with the highest score among some drawn from all passes.

    The mean over every way to draw m of the N samples without replacement, in closed form: the
    best of those drawn is among the b highest scores with probability 1 - C(N-b, m) / C(N, m),
    which is pass@m for b right samples of N. Among equal scores each sample is as likely to be
    chosen; a sample whose score is NaN only if nothing better was drawn.

    Args:
        scores: `(N,)`, the higher the better.
        passed: `(N,)`.
        of: `(j,)`, numbers m of samples to choose from, 1 ... N.

    Returns:
        `(j,)`.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    _, group = np.unique(-known, return_inverse=True)  # 0 for the highest score
    sizes = np.bincount(group)
    share = np.bincount(group, weights=passed) / sizes
    better = np.concatenate([[0], np.cumsum(sizes)])
    reached = pass_at_k(len(scores), better, np.asarray(of)[..., None])
    return np.asarray((np.diff(reached, axis=-1) * share).sum(axis=-1))
