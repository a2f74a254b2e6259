"""Intervals of success rates."""

from __future__ import annotations

import math


def wilson_interval(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Confidence interval of a proportion (Wilson 1927).

    Args:
        successes: of the trials.
        trials: at least 1.
        z: normal quantile; the default is that of 95%.
    """
    share = successes / trials
    scale = 1 + z**2 / trials
    centre = share + z**2 / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
