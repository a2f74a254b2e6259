"""Curves of several runs on one axis: interquartile mean and interval at every point of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from framework.compare.source import Curve
from framework.statistics import Floats, bootstrap_interval, interquartile_mean

Against = Literal["steps", "time", "cpu"]
MOST_POINTS = 200


@dataclass(frozen=True)
class Band:
    """The curves of a group as one.

    Attributes:
        x: the common axis, steps, seconds or CPU-seconds, `(points,)`.
        mean: interquartile, `(points,)`.
        low, high: ends of the 95% interval; None for a single run.
        complete: whether all curves reach as far as the longest.
    """

    x: Floats
    mean: Floats
    low: Floats | None
    high: Floats | None
    complete: bool


def axis_of(curve: Curve, against: Against) -> tuple[Floats, Floats]:
    """Positions and values of the finite points of a curve."""
    finite = np.isfinite(curve.values)
    x = {"steps": curve.steps, "time": curve.seconds, "cpu": curve.cpu}[against]
    return (x[finite], curve.values[finite]) if x is not None else (np.empty(0), np.empty(0))


def band(strata: Sequence[Sequence[Curve]], against: Against) -> Band | None:
    """Interpolate curves to the part of the axis that all of them have, and summarise them there.

    Beyond the end of the shortest, runs would leave the mean one by one and it would jump.

    Args:
        strata: the curves by task.
        against: which axis.

    Returns:
        None if there is no such part.
    """
    lines_of = [[axis_of(curve, against) for curve in curves] for curves in strata]
    lines_of = [kept for lines in lines_of if (kept := [line for line in lines if len(line[0])])]
    lines = [line for stratum in lines_of for line in stratum]
    if not lines:
        return None
    start, end = max(x[0] for x, _ in lines), min(x[-1] for x, _ in lines)
    if end < start:
        return None
    x = np.unique(np.concatenate([x for x, _ in lines]))
    x = x[(x >= start) & (x <= end)]
    if len(x) > MOST_POINTS:
        x = np.linspace(start, end, MOST_POINTS)
    values = [np.stack([np.interp(x, *line) for line in stratum]) for stratum in lines_of]
    interval = bootstrap_interval(values)
    low, high = interval if interval is not None else (None, None)
    # Wall-clock never ends for all at the same moment, nor do curves of few points.
    complete = end >= 0.9 * max(x[-1] for x, _ in lines)
    return Band(x, interquartile_mean(np.concatenate(values)), low, high, complete)
