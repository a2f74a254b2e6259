"""Gives each episode its parameters, and tells how those went that had one at a bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from framework.contracts import DrawsParameters, Parametrised
from framework.rl.performance import Performance
from framework.rl.vector import Array
from framework_adr.bounds import INSIDE, Bounds, Numbers


class Result(NamedTuple):
    """Of an episode at a bound: which, where that was, and how it went."""

    bound: int
    place: float
    performance: float


class Episodes:
    """A `Watcher` that gives every episode its parameters.

    An environment that draws parameters itself as episodes begin (`DrawsParameters`) is told what to
    draw while the episode before is played: they are in force from the first state on. In others
    they are set when the episode has begun, from its first step on; so they are, in all, in the
    first episodes of a training.

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
        #: Of the episodes that come after those at play.
        self._ahead = environment if isinstance(environment, DrawsParameters) else None
        self._next_bound, self._next_place = self._bound.copy(), self._place.copy()

    def started(self) -> None:
        self.performance.sums[:] = 0.0
        values, self._bound[:], self._place[:] = self._draw(len(self._all))
        self.environment.set_parameters(values)
        self.moved()

    def stepped(self, reward: Array, terminated: Array, truncated: Array, info: Mapping[str, Any]) -> None:
        ended = np.asarray(terminated) | np.asarray(truncated)
        measured = self.performance.stepped(reward, info, ended)
        if not len(measured):
            return
        ids = self._all[ended]
        for i, performance in zip(ids.tolist(), measured.tolist(), strict=True):
            if self._bound[i] != INSIDE:
                self.results.append(Result(int(self._bound[i]), float(self._place[i]), performance))
        if self._ahead is not None:
            self._bound[ids], self._place[ids] = self._next_bound[ids], self._next_place[ids]
            self._look_ahead(self._ahead, ids)
            return
        values, self._bound[ids], self._place[ids] = self._draw(len(ids))
        self.environment.set_parameters(values, ids)

    def moved(self) -> None:
        """Draw anew for episodes that have not begun, since bounds have moved."""
        if self._ahead is not None:
            self._look_ahead(self._ahead, self._all)

    def take(self) -> list[Result]:
        """The results since this was last asked for."""
        taken, self.results = self.results, []
        return taken

    def state_dict(self) -> dict[str, Any]:
        return {
            "bound": self._bound.copy(),
            "place": self._place.copy(),
            "next": (self._next_bound.copy(), self._next_place.copy()),
            "sums": self.performance.sums.copy(),
            "random": self._random.bit_generator.state,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._bound, self._place = state["bound"].copy(), state["place"].copy()
        self._next_bound, self._next_place = (array.copy() for array in state["next"])
        self.performance.sums = state["sums"].copy()
        self._random.bit_generator.state = state["random"]

    def _draw(self, episodes: int) -> tuple[dict[str, Numbers], Array, Array]:
        """Values of new episodes by parameter, their bounds, and where these are."""
        values, bound, place = self.bounds.draw(self._random, episodes)
        return dict(zip(self.bounds.names, values.T, strict=True)), bound, place

    def _look_ahead(self, environment: DrawsParameters, ids: Array) -> None:
        """Draw for the episodes that come after those at play."""
        values, self._next_bound[ids], self._next_place[ids] = self._draw(len(ids))
        environment.set_ranges({name: (value, value) for name, value in values.items()}, ids)
