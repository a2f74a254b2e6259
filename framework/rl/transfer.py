"""A policy where it was trained and where not: a table over sets of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from framework.contracts import Parametrised
from framework.errors import UserError
from framework.progress import tell
from framework.report import Report, Table
from framework.rl.acting import rivals
from framework.rl.performance import Performance
from framework.rl.policy import Player
from framework.rl.transfer_config import TransferConfig
from framework.rl.vector import require_same_step

Numbers: TypeAlias = NDArray[np.float64]

#: Of a normal distribution, in standard deviations.
CENTRAL_95 = 1.96


class Transfer:
    """Plays episodes without exploration, with parameters drawn from each of several sets.

    Every episode has parameters of its own, in force before it starts. The policy and those that it is held
    against meet the same parameters and first states, so that their differences are by pairs. An environment
    with `set_ranges`, as `framework.sim.VectorEnv` has, draws them itself, by the distributions that it gives
    them; others are given values uniform between the ends.

    The environment may draw none where no set says so: `environment: {use: adr/puck}` in the section of the
    evaluator, where the recipe's does.

    Args:
        config: the parameters.
    """

    def __init__(self, config: TransferConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Judge in every set.

        Raises:
            UserError: the environment has no parameters, not these, or draws some of its own; or a
                checkpoint does not fit.
        """
        config = self.config
        nominal = _nominal(environment, config.seed)
        players = rivals(algorithm, config.name, config.against)
        sets: dict[str, Mapping[str, tuple[float, float]]] = dict(config.sets)
        if config.trained and hasattr(algorithm, "ranges"):
            sets["trained"] = algorithm.ranges()
        if not sets:
            raise UserError("rl/transfer has no set to judge in\n  write sets: {nominal: {}}")
        found: dict[str, dict[str, Numbers]] = {}
        total = config.episodes * len(sets) * len(players)
        for number, (title, box) in enumerate(sets.items()):
            found[title] = {}
            for name, player in players.items():
                found[title][name] = self._play(environment, player, nominal, box, number)
                tell(config.episodes * sum(map(len, found.values())), total, "episodes")
        environment.set_parameters(nominal)
        return _report(found, config)

    def _play(
        self,
        environment: Any,
        player: Player,
        nominal: Mapping[str, float],
        box: Mapping[str, tuple[float, float]],
        number: int,
    ) -> Numbers:
        """The performance of every episode in one set."""
        n, episodes = environment.num_envs, self.config.episodes
        draws = hasattr(environment, "set_ranges")
        if draws:
            environment.set_ranges({**{name: (value, value) for name, value in nominal.items()}, **box})
        random = np.random.default_rng([self.config.seed, number])
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
            seeds = np.random.SeedSequence([self.config.seed, number, first])
            performance.append(self._round(environment, player, int(seeds.generate_state(1)[0]))[ids])
        return np.concatenate(performance)

    def _round(self, environment: Any, player: Player, seed: int) -> Numbers:
        """The performance of one episode in each simulation."""
        n = environment.num_envs
        measure, found = Performance(self.config.performance, n), np.zeros(n)
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
            "  rl/transfer needs an environment that is framework.contracts.Parametrised"
        )
    require_same_step(environment)
    before = {name: parameter.values for name, parameter in environment.parameters().items()}
    environment.reset(seed=seed)  # type: ignore[attr-defined]
    for name, parameter in environment.parameters().items():
        if (parameter.values != before[name]).any():
            raise UserError(
                f"the environment draws {name!r} on its own, so that there is no telling what is nominal\n"
                "  give rl/transfer one that does not: environment: {use: ...} in its section"
            )
    return {name: float(values[0]) for name, values in before.items()}


def _report(found: Mapping[str, Mapping[str, Numbers]], config: TransferConfig) -> Report:
    report, rows = Report(), []
    for title, of in found.items():
        for name, each in of.items():
            report.metrics[title if name == config.name else f"{name}/{title}"] = float(each.mean())
            cells: list[Any] = [title, name, float(each.mean()), _error(each), float(np.median(each))]
            if name == config.name:
                cells += [None, None, None]
            else:
                behind = of[config.name] - each
                middle, wide = float(behind.mean()), CENTRAL_95 * _error(behind)
                cells += [middle, middle - wide, middle + wide]
            rows.append(cells)
    ahead = f"{config.name} is ahead by"
    columns = ["parameters", "policy", "mean", "standard error", "median", ahead, "from", "to"]
    caption = (
        f"{config.performance} of {config.episodes} episodes each, without exploration; the same parameters "
        "and first states for all policies, 95% interval of the mean difference."
    )
    report.tables["transfer"] = Table(columns, rows, caption=caption)
    report.figures["transfer"] = _bars(found, config)
    return report


def _error(each: Numbers) -> float:
    return float(each.std(ddof=1) / np.sqrt(len(each)))


def _bars(found: Mapping[str, Mapping[str, Numbers]], config: TransferConfig) -> Figure:
    figure = Figure(figsize=(2 + 1.4 * len(found), 3.5), layout="constrained")
    axes = figure.subplots()
    names = list(next(iter(found.values())))
    width = 0.8 / len(names)
    for i, name in enumerate(names):
        means = [float(of[name].mean()) for of in found.values()]
        errors = [CENTRAL_95 * _error(of[name]) for of in found.values()]
        at = np.arange(len(found)) + (i - (len(names) - 1) / 2) * width
        axes.bar(at, means, width, yerr=errors, label=name)
    axes.set_xticks(range(len(found)), list(found))
    axes.set(ylabel=config.performance)
    axes.legend()
    axes.grid(alpha=0.3, axis="y")
    return figure
