"""Intervals of success rates, where several scenes show the same object."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from framework.statistics import wilson_interval


class Rate(NamedTuple):
    """A success rate with its 95% interval.

    Attributes:
        rate: share of successes.
        low, high: ends.
        scenes: how many scenes it is over.
    """

    rate: float
    low: float
    high: float
    scenes: int

    def __str__(self) -> str:
        return f"{self.rate:.3f} [{self.low:.3f}, {self.high:.3f}]"


def rate_of(success: ArrayLike, objects: ArrayLike) -> Rate:
    """The mean success of scenes, and an interval that counts on scenes of one object being alike.

    Wilson's interval (1927) of as many scenes as, independent, would say as much: their number
    by Kish's design effect (1965), from how far the means of the objects are apart.

    Args:
        success: of each scene, `(n,)`: whether it succeeded, or the mean of several tries.
        objects: the name of the object of each, `(n,)`.
    """
    values, names = np.asarray(success, np.float64), np.asarray(objects)
    n, mean = len(values), float(values.mean())
    groups = [values[names == name] for name in np.unique(names)]
    k = len(groups)
    effect = 1.0
    if k > 1 and 0 < mean < 1:
        apart = sum((len(group) * (group.mean() - mean)) ** 2 for group in groups) * k / (k - 1) / n**2
        effect = max(1.0, float(apart) / (mean * (1 - mean) / n))
    trials = max(1.0, n / effect)
    low, high = wilson_interval(mean * trials, trials)
    return Rate(mean, low, high, n)
