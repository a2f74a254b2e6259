"""What a search tries next: Optuna's choice, from what the finished runs have found.

The study is made anew from the run folders each time and kept nowhere. Optuna's own storage,
heartbeats and retries would be a second record of the runs, to be reconciled with the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from framework.errors import UserError
from framework.sweep.axes import Axes, Axis
from framework.sweep.plan import Goal

try:
    import optuna
    from optuna.distributions import (
        BaseDistribution,
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )
except ImportError:
    raise UserError("a search needs Optuna: pip install optuna") from None


def suggest(
    axes: Axes, goal: Goal, found: Iterable[tuple[dict[str, str], float]], seed: int
) -> dict[str, str]:
    """Choose the values of the next run.

    Args:
        axes: what varies.
        goal: what for.
        found: the choices of the finished runs, and what came of them.
        seed: of Optuna's draws; the number of the run, so that each draws anew.

    Returns:
        Key -> value as an override writes it.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction=goal.direction, sampler=optuna.samplers.TPESampler(seed=seed))
    distributions = {axis.key: _distribution(axis) for axis in axes.varying}
    for choices, value in found:
        params = {axis.key: _number(axis, choices[axis.key]) for axis in axes.varying}
        study.add_trial(optuna.create_trial(params=params, distributions=distributions, value=value))
    params = study.ask(distributions).params
    return {
        axis.key: axis.range.text(params[axis.key]) if axis.range else params[axis.key]
        for axis in axes.varying
    }


def _number(axis: Axis, text: str) -> Any:
    if axis.range is None:
        return text
    return int(text) if axis.range.whole else float(text)


def _distribution(axis: Axis) -> BaseDistribution:
    if axis.range is None:
        return CategoricalDistribution(axis.values)
    low, high, log = axis.range.low, axis.range.high, axis.range.log
    if axis.range.whole:
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(low, high, log=log)
