"""The ranges of automatic domain randomization, and how they move (algorithm 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.contracts import EnvironmentParameter
from framework.errors import UserError
from framework_adr.config import ADRConfig

Numbers = NDArray[np.float64]

#: Of an episode that has no parameter at a bound.
INSIDE = -1


class Bounds:
    """A product of uniform distributions, one per parameter, whose bounds move by performance at them.

    All bounds start at the calibrated values. One at which performance was on average
    `high_threshold` or more over `buffer` episodes moves outwards by the parameter's `step`, never beyond
    its limit; at `low_threshold` or less it moves inwards, never beyond the calibrated value; the
    episodes counted so far are forgotten either way, and where it stays. Results at a value that the bound
    has left by now do not count.

    Bound 2 i is the lower, bound 2 i + 1 the upper one of parameter i. A parameter with `log` is counted
    in its natural logarithm within.

    Args:
        config: how they move.
        found: the parameters of the environment.

    Attributes:
        names: of the parameters, in the order of the recipe.
        ends: where the bounds are, `(parameters, 2)`.

    Raises:
        UserError: the environment has no such parameter, or not with such values.
    """

    def __init__(self, config: ADRConfig, found: Mapping[str, EnvironmentParameter]) -> None:
        self.config = config
        self.names = tuple(config.parameters)
        every = [_limits(name, config, found) for name in self.names]
        self._log = np.array([config.parameters[name].log for name in self.names], np.bool_)
        self._step = np.array([config.parameters[name].step for name in self.names])
        #: What values may be, whatever rounding does.
        self._values = np.array([[low, high] for low, _, high in every])
        with np.errstate(divide="ignore"):  # a lower limit of 0 has the logarithm -inf
            limits = np.array(every).T
            low, start, high = np.where(self._log, np.log(np.where(self._log, limits, 1)), limits)
        self.ends = np.stack([start, start], axis=1)
        self._least, self._most = np.stack([low, start], axis=1), np.stack([start, high], axis=1)
        self._results: list[list[float]] = [[] for _ in range(self.ends.size)]

    def draw(self, random: np.random.Generator, episodes: int) -> tuple[Numbers, NDArray[np.int64], Numbers]:
        """What new episodes are played with.

        With probability `boundary_share` one parameter is at one of its bounds, each bound as likely as
        any other; all others are anywhere within theirs.

        Returns:
            Values of the parameters `(episodes, parameters)`; the bound that one is at `(episodes,)`,
            or `INSIDE`; and where that bound is now, as `add` takes it.
        """
        low, high = self.ends.T
        point = low + (high - low) * random.random((episodes, len(self.names)))
        bound = random.integers(self.ends.size, size=episodes)
        bound[random.random(episodes) >= self.config.boundary_share] = INSIDE
        place = self.ends.ravel()[bound]
        rows = np.flatnonzero(bound != INSIDE)
        point[rows, bound[rows] // 2] = place[rows]
        return self._outside(point), bound, place

    def add(self, bound: int, place: float, performance: float) -> bool:
        """Take the result of one episode; returns whether the bound has moved.

        Args:
            bound: its number, as `draw` returned it.
            place: where it was then.
            performance: of the episode.
        """
        parameter, side = divmod(bound, 2)
        if place != self.ends[parameter, side]:
            return False
        results = self._results[bound]
        results.append(performance)
        if len(results) < self.config.buffer:
            return False
        mean = float(np.mean(results))
        results.clear()
        outwards = (mean >= self.config.high_threshold) - (mean <= self.config.low_threshold)
        moved = place + outwards * (1 if side else -1) * self._step[parameter]
        moved = np.clip(moved, self._least[parameter, side], self._most[parameter, side])
        self.ends[parameter, side] = moved
        return bool(moved != place)

    @property
    def entropy(self) -> float:
        """Mean of the parameters' differential entropies, log(high - low); nats per dimension."""
        with np.errstate(divide="ignore"):
            each = np.log(self.ends[:, 1] - self.ends[:, 0])
        return float(np.maximum(each, self.config.floor).mean())

    def values(self) -> Numbers:
        """The bounds as the environment takes them, `(parameters, 2)`."""
        return self._outside(self.ends.T).T

    def state_dict(self) -> dict[str, Any]:
        return {"ends": self.ends.copy(), "results": [list(results) for results in self._results]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.ends = state["ends"].copy()
        self._results = [list(results) for results in state["results"]]

    def _outside(self, point: Numbers) -> Numbers:
        """Values of the parameters, `(n, parameters)`, as they are counted outside."""
        values = point.copy()
        values[:, self._log] = np.exp(point[:, self._log])
        return np.asarray(np.clip(values, *self._values.T))


def _limits(
    name: str, config: ADRConfig, found: Mapping[str, EnvironmentParameter]
) -> tuple[float, float, float]:
    """Least, calibrated and greatest value of a parameter."""
    if name not in found:
        known = ", ".join(found) or "none"
        raise UserError(f"the environment has no parameter {name!r} that can be set\n  it has: {known}")
    asked, known_as = config.parameters[name], found[name]
    low = known_as.low if asked.low is None else asked.low
    high = known_as.high if asked.high is None else asked.high
    start = float(known_as.values[0]) if asked.start is None else asked.start
    if not known_as.low <= low <= start <= high <= known_as.high:
        raise UserError(
            f"parameter {name!r} is within [{known_as.low}, {known_as.high}] in the environment, and starts "
            f"at {start}\n  low: {low} and high: {high} have to be around that, and inside"
        )
    if asked.log and start <= 0:
        raise UserError(
            f"parameter {name!r} starts at {start}, which has no logarithm\n  give start, or log: false"
        )
    return (max(low, 0.0) if asked.log else low), start, high
