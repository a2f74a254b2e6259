"""Gives each episode its parameters, and tells how those went that had one at a bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from framework.contracts import Parametrised
from framework.rl.performance import Performance
from framework.rl.vector import Array
from framework_adr.bounds import INSIDE, Bounds


class Result(NamedTuple):
    """Of an episode at a bound: which, where that was, and how it went."""

    bound: int
    place: float
    performance: float


class Episodes:
    """A `Watcher` that sets the parameters of every episode when it begins.

    They are in force from its first step on; what is observed before that, and the first state, are of
    the environment's own making.

    Args:
        environment: whose parameters are set.
        bounds: what they are drawn from.
        performance: what is measured; see `Performance`.
        seed: of the draws.

    Attributes:
        results: of the episodes at bounds that ended, to be taken away.
    """

    def __init__(self, environment: Any, bounds: Bounds, performance: str, seed: int | list[int]) -> None:
        assert isinstance(environment, Parametrised)
        count: int = environment.num_envs  # type: ignore[attr-defined]
        self.environment, self.bounds = environment, bounds
        self.performance = Performance(performance, count)
        self.results: list[Result] = []
        self._all = np.arange(count)
        self._random = np.random.default_rng(seed)
        self._bound = np.full(count, INSIDE)
        self._place = np.zeros(count)

    def started(self) -> None:
        self.performance.sums[:] = 0.0
        self._begin(self._all)

    def stepped(self, reward: Array, terminated: Array, truncated: Array, info: Mapping[str, Any]) -> None:
        ended = np.asarray(terminated) | np.asarray(truncated)
        measured = self.performance.stepped(reward, info, ended)
        ids = self._all[ended]
        if not len(ids):
            return
        for i, performance in zip(ids.tolist(), measured.tolist(), strict=True):
            if self._bound[i] != INSIDE:
                self.results.append(Result(int(self._bound[i]), float(self._place[i]), performance))
        self._begin(ids)

    def take(self) -> list[Result]:
        """The results since this was last asked for."""
        taken, self.results = self.results, []
        return taken

    def state_dict(self) -> dict[str, Any]:
        return {
            "bound": self._bound.copy(),
            "place": self._place.copy(),
            "sums": self.performance.sums.copy(),
            "random": self._random.bit_generator.state,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._bound, self._place = state["bound"].copy(), state["place"].copy()
        self.performance.sums = state["sums"].copy()
        self._random.bit_generator.state = state["random"]

    def _begin(self, ids: Array) -> None:
        values, self._bound[ids], self._place[ids] = self.bounds.draw(self._random, len(ids))
        self.environment.set_parameters(dict(zip(self.bounds.names, values.T, strict=True)), ids)
