"""Episodes with parameters drawn from one of several sets, the same ones for every policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framework.contracts import Parametrised
from framework.errors import UserError
from framework.rl.performance import Performance
from framework.rl.policy import Player
from framework.rl.vector import require_same_step

Numbers: TypeAlias = NDArray[np.float64]


class ParameterSets:
    """Plays episodes without exploration, with parameters drawn from each of several sets.

    Every episode has parameters of its own, in force before it starts; what a set does not name is as
    nothing sets it. An environment with `set_ranges`, as `framework.sim.VectorEnv` has, draws them itself, by
    the distributions that it gives them; others are given values uniform between the ends.

    Args:
        environment: a `VectorEnv` that is `Parametrised`.
        sets: what parameters are drawn from, name: {parameter: (low, high)}.
        performance: what is measured of an episode; see `Performance`.
        episodes: in each set.
        seed: of parameters and first states.

    Raises:
        UserError: the environment has no parameters, draws some on its own, or resets in another way.
    """

    def __init__(
        self,
        environment: Any,
        sets: Mapping[str, Mapping[str, tuple[float, float]]],
        performance: str,
        episodes: int,
        seed: int,
    ) -> None:
        self.environment, self.sets = environment, sets
        self.performance, self.episodes, self.seed = performance, episodes, seed
        self._nominal = _nominal(environment, seed)

    def play(self, players: Mapping[str, Player]) -> Iterator[tuple[str, str, Numbers]]:
        """Play with all policies in all sets; between two answers the environment is not to be used.

        Yields:
            Set, policy, and the performance of every episode, `(episodes,)`.

        Raises:
            UserError: the environment has no such parameters.
        """
        try:
            for number, (title, box) in enumerate(self.sets.items()):
                for name, player in players.items():
                    yield title, name, self._play(player, box, number)
        finally:
            self.environment.set_parameters(self._nominal)

    def _play(self, player: Player, box: Mapping[str, tuple[float, float]], number: int) -> Numbers:
        """The performance of every episode in one set."""
        environment, nominal = self.environment, self._nominal
        n, episodes = environment.num_envs, self.episodes
        draws = hasattr(environment, "set_ranges")
        if draws:
            environment.set_ranges({**{name: (value, value) for name, value in nominal.items()}, **box})
        random = np.random.default_rng([self.seed, number])
        unit = {name: random.random(episodes) for name in box}
        performance = []
        for first in range(0, episodes, n):
            ids = np.arange(min(n, episodes - first))
            if not draws:
                drawn = {
                    name: low + (high - low) * unit[name][first + ids] for name, (low, high) in box.items()
                }
                # Those that are not needed play on as they are.
                environment.set_parameters(
                    {name: np.broadcast_to(value, len(ids)) for name, value in {**nominal, **drawn}.items()},
                    ids,
                )
            seeds = np.random.SeedSequence([self.seed, number, first])
            performance.append(self._round(player, int(seeds.generate_state(1)[0]))[ids])
        return np.concatenate(performance)

    def _round(self, player: Player, seed: int) -> Numbers:
        """The performance of one episode in each simulation."""
        environment, n = self.environment, self.environment.num_envs
        measure, found = Performance(self.performance, n), np.zeros(n)
        playing = np.ones(n, np.bool_)
        observation, _ = environment.reset(seed=seed)
        player.ended(playing)
        while playing.any():
            observation, reward, terminated, truncated, info = environment.step(player(observation))
            ended = np.asarray(terminated | truncated)
            last = np.zeros(n)
            last[ended] = measure.stepped(reward, info, ended)
            player.ended(ended)
            found = np.where(playing & ended, last, found)
            playing &= ~ended
        return found


def _nominal(environment: Any, seed: int) -> dict[str, float]:
    """What the parameters are where nothing sets them."""
    if not isinstance(environment, Parametrised):
        raise UserError(
            f"{type(environment).__name__} has no parameters that can be set while it runs\n"
            "  this evaluator needs an environment that is framework.contracts.Parametrised"
        )
    require_same_step(environment)
    before = {name: parameter.values for name, parameter in environment.parameters().items()}
    environment.reset(seed=seed)  # type: ignore[attr-defined]
    for name, parameter in environment.parameters().items():
        if (parameter.values != before[name]).any():
            raise UserError(
                f"the environment draws {name!r} on its own, so that there is no telling what is nominal\n"
                "  give the evaluator one that does not: environment: {use: ...} in its section"
            )
    return {name: float(values[0]) for name, values in before.items()}
