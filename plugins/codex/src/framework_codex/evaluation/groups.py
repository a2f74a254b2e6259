"""Estimates for groups of problems, such as those of one length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from framework_codex.evaluation.estimator import Floats, rate_interval


@dataclass(frozen=True)
class Groups:
    """Mean rates over groups of problems.

    Attributes:
        labels: of the groups, ascending.
        sizes: problems in each.
        means: `(groups, ...)`.
        low: the lower ends of their 95% intervals.
        high: the upper ends.
    """

    labels: list[int]
    sizes: list[int]
    means: Floats
    low: Floats
    high: Floats


def grouped(values: Floats, labels: Sequence[int]) -> Groups:
    """Means of `(problems, ...)` values between 0 and 1, by the label of each problem."""
    names = sorted(set(labels))
    parts = [values[np.equal(labels, name)] for name in names]
    ends = [rate_interval(part) for part in parts]
    return Groups(
        labels=names,
        sizes=[len(part) for part in parts],
        means=np.array([part.mean(axis=0) for part in parts]),
        low=np.array([low for low, _ in ends]),
        high=np.array([high for _, high in ends]),
    )
