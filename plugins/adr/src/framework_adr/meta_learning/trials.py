"""Episodes with physics of their own, watched step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from framework.contracts import Parametrised
from framework.errors import UserError, did_you_mean
from framework.rl.policy import Player
from framework.rl.vector import final_info, require_same_step

Numbers: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
Ids: TypeAlias = NDArray[np.int64]


class Moment(NamedTuple):
    """What a step led to, in one round of trials.

    Attributes:
        number: steps since the trials began, from 1.
        trials: which trial each simulation plays, `(num_envs,)`.
        playing: whether that trial was still running before the step, `(num_envs,)`.
        reached: whether the step reached a goal, `(num_envs,)`.
    """

    number: int
    trials: Ids
    playing: Flags
    reached: Flags


class Trials:
    """A fixed number of episodes, whose first states and physics depend on the seed alone.

    Args:
        environment: a `VectorEnv` that is `framework.contracts.Parametrised`, whose info has `is_success`.
        physics: what each trial's parameters are drawn from, evenly, name: (low, high).
        count: trials.
        seed: of physics and first states.
        changed: other parameters that the caller may change; trials begin with them as they were.

    Attributes:
        values: the parameters of each trial, `(count,)` each, by name.

    Raises:
        UserError: the environment does not reset itself in the same step, or has no parameters.
    """

    def __init__(
        self,
        environment: Any,
        physics: Mapping[str, tuple[float, float]],
        count: int,
        seed: int,
        changed: Iterable[str] = (),
    ) -> None:
        require_same_step(environment)
        if not isinstance(environment, Parametrised):
            raise UserError(f"{type(environment).__name__} has no parameters that can be set while it runs")
        self.environment: Any = environment
        self.count, self.seed = count, seed
        self.values = draw(physics, count, np.random.default_rng([seed, 0]))
        self._changed = [*changed]

    def play(self, player: Player) -> Iterator[Moment]:
        """Play all of them; between two steps the caller may change what comes next.

        Raises:
            UserError: info does not have `is_success`.
        """
        names, parameters = [*self.values, *self._changed], self.environment.parameters()
        if unknown := [name for name in names if name not in parameters]:
            hint = did_you_mean(unknown[0], parameters) or f"there are: {', '.join(parameters)}"
            raise UserError(f"the environment has no parameter {unknown[0]!r}\n  {hint}")
        before = {name: parameters[name].values for name in names}
        try:
            yield from self._rounds(player, {name: before[name] for name in self._changed})
        finally:
            self.environment.set_parameters(before)

    def _rounds(self, player: Player, whole: Mapping[str, Numbers]) -> Iterator[Moment]:
        environment, n = self.environment, self.environment.num_envs
        for first in range(0, self.count, n):
            trials = first + np.arange(n)
            playing = trials < self.count
            ids = np.flatnonzero(playing)
            drawn = {name: value[trials[ids]] for name, value in self.values.items()}
            environment.set_parameters({name: value[ids] for name, value in whole.items()} | drawn, ids)
            seed = np.random.SeedSequence([self.seed, 1, first]).generate_state(1)[0]
            observation, _ = environment.reset(seed=int(seed))
            player.ended()
            number = 0
            while playing.any():
                observation, _, terminated, truncated, info = environment.step(player(observation))
                success = np.asarray(final_info("is_success", info, np.full(n, np.nan)), np.float64)
                if np.isnan(success).all():
                    raise UserError(
                        f"{type(environment).__name__} does not say in info which steps reached a goal: "
                        "it has no is_success"
                    )
                number += 1
                yield Moment(number, trials, playing.copy(), playing & (success == 1))
                ended = np.asarray(terminated | truncated)
                player.ended(ended)
                playing &= ~ended


def draw(
    physics: Mapping[str, tuple[float, float]], count: int, random: np.random.Generator
) -> dict[str, Numbers]:
    """Parameters for so many trials, `(count,)` each."""
    return {name: random.uniform(low, high, count) for name, (low, high) in physics.items()}
