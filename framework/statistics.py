"""Statistics over seeds: the interquartile mean and its bootstrap interval; and of proportions.

After Agarwal et al. 2021, Deep Reinforcement Learning at the Edge of the Statistical
Precipice, section 4: with a few runs each, a mean that outliers do not decide, and an
interval with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def interquartile_mean(values: ArrayLike, axis: int = 0) -> Floats:
    """The mean of what is left after a quarter of the values is cut off at each end.

    The quarter is rounded down to whole values: of one to three nothing is cut off.

    Args:
        values: any shape; NaN anywhere makes the mean NaN.
        axis: along which.

    Returns:
        The shape of `values` without that axis.
    """
    ordered = np.sort(np.moveaxis(np.asarray(values, dtype=np.float64), axis, 0), axis=0)
    cut = len(ordered) // 4
    mean = ordered[cut : len(ordered) - cut].mean(axis=0)
    # Sorted to the end, a NaN would be cut off as if it were a large number.
    return np.asarray(np.where(np.isnan(ordered[-1]), np.nan, mean))


def bootstrap_interval(
    strata: Sequence[ArrayLike], confidence: float = 0.95, resamples: int = 2000, seed: int = 0
) -> tuple[Floats, Floats] | None:
    """The stratified percentile bootstrap of the interquartile mean over all strata together.

    Each resample draws runs with replacement within every stratum (such as a task), so that
    each keeps its number of runs.

    Args:
        strata: each `(runs, ...)`, the same shape behind the first axis; the points of a
            curve are resampled together.
        confidence: of the interval, between 0 and 1.
        resamples: how many.
        seed: of the draws; the same strata give the same interval.

    Returns:
        Both ends, shaped like one run; None if no stratum has two runs, since one tells
        nothing about the spread.
    """
    runs = [np.asarray(stratum, dtype=np.float64) for stratum in strata]
    if all(len(stratum) < 2 for stratum in runs):
        return None
    generator = np.random.default_rng(seed)
    means = np.empty((resamples, *runs[0].shape[1:]))
    # One at a time: all resamples of many long curves at once would be gigabytes.
    for index in range(resamples):
        drawn = [stratum[generator.integers(len(stratum), size=len(stratum))] for stratum in runs]
        means[index] = interquartile_mean(np.concatenate(drawn))
    tail = (1 - confidence) / 2
    return np.quantile(means, tail, axis=0), np.quantile(means, 1 - tail, axis=0)


def wilson_interval(successes: float, trials: float, z: float = 1.959964) -> tuple[float, float]:
    """Confidence interval of a proportion (Wilson 1927).

    Args:
        successes: of the trials.
        trials: at least 1; not whole where it is as many independent ones as would say as much.
        z: normal quantile; the default is that of 95%.
    """
    share = successes / trials
    scale = 1 + z**2 / trials
    centre = share + z**2 / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
