"""A policy where it was trained and where not: a table over sets of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from framework.errors import UserError
from framework.progress import tell
from framework.report import Report, Table
from framework.rl.acting import rivals
from framework.rl.parameter_sets import Numbers, ParameterSets
from framework.rl.transfer_config import TransferConfig

#: Of a normal distribution, in standard deviations.
CENTRAL_95 = 1.96


class Transfer:
    """Plays episodes without exploration, with parameters drawn from each of several sets.

    The policy and those that it is held against meet the same parameters and first states, so that their
    differences are by pairs; see `ParameterSets`.

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
        sets: dict[str, Mapping[str, tuple[float, float]]] = dict(config.sets)
        if config.trained and hasattr(algorithm, "ranges"):
            sets["trained"] = algorithm.ranges()
        judged = ParameterSets(environment, sets, config.performance, config.episodes, config.seed)
        players = rivals(algorithm, config.name, config.against)
        if not sets:
            raise UserError("rl/transfer has no set to judge in\n  write sets: {nominal: {}}")
        found: dict[str, dict[str, Numbers]] = {title: {} for title in sets}
        total = config.episodes * len(sets) * len(players)
        for title, name, performance in judged.play(players):
            found[title][name] = performance
            tell(config.episodes * sum(map(len, found.values())), total, "episodes")
        return _report(found, config)


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
