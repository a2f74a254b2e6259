"""What a sweep is to run: its combinations, each checked before anything starts."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from framework.errors import UserError, did_you_mean
from framework.recipe import Problem, Recipe, RecipeError, load
from framework.recipe.check import sweep_of
from framework.recipe.named import find_recipe
from framework.runs.metrics import meant
from framework.sweep.axes import Axes, Axis, Combination, written


@dataclass(frozen=True)
class Goal:
    """What a search is for.

    Attributes:
        trials: how many runs it may make.
        metric: one of a run's final metrics: `evaluator/metric`, or shorter where that is clear.
        direction: "maximize" or "minimize".
    """

    trials: int
    metric: str
    direction: Literal["maximize", "minimize"] = "maximize"

    def value(self, metrics: Mapping[str, float]) -> float:
        """What a run has reached, NaN counting as the worst.

        Raises:
            UserError: the run has no such metric, or several that could be meant.
        """
        names = meant(self.metric, metrics)
        if len(names) > 1:
            raise UserError(f"{self.metric!r} may be {' or '.join(names)}\n  give --metric in full")
        if not names:
            raise UserError(
                f"the runs have no final metric {self.metric!r} to search by\n"
                f"  {did_you_mean(self.metric, metrics) or 'they have: ' + (', '.join(metrics) or 'none')}"
            )
        value, worst = metrics[names[0]], -math.inf if self.direction == "maximize" else math.inf
        return worst if math.isnan(value) else value

    def best(self, values: Mapping[str, float]) -> str:
        """The name with the best value, "" of none."""
        best = max if self.direction == "maximize" else min
        return best(values, key=values.__getitem__, default="")


@dataclass(frozen=True)
class Plan:
    """A recipe and what to vary in it.

    Attributes:
        path: the recipe's file.
        settings: `algorithm.k=0,4`, those of the recipe's `sweep:` before those of the command line.
        axes: the settings, parsed.
        checked: every combination of a grid, or those at the ends of a search, with its recipe.
        goal: None for a grid.
        digest: tells this sweep from others: the same recipe and the same values.
    """

    path: Path
    settings: tuple[str, ...]
    axes: Axes
    checked: tuple[tuple[Combination, Recipe], ...]
    goal: Goal | None
    digest: str

    @classmethod
    def make(cls, path: Path, settings: Sequence[str], goal: Goal | None = None) -> Plan:
        """Parse the settings, over those of the recipe itself, and check every combination.

        Raises:
            UserError: nothing varies, a setting cannot be read, or the recipe cannot be run
                with some combination (the message names it).
        """
        path = find_recipe(str(path))
        given = {setting.partition("=")[0].strip() for setting in settings}
        own = {key: values for key, values in sweep_of(path).items() if key not in given}
        settings = [*(f"{key}={','.join(map(written, values))}" for key, values in own.items()), *settings]
        axes = Axes.parse(settings, ranges=goal is not None)
        if not axes.varying:
            raise UserError(
                "no key has several values, so there is nothing to sweep\n"
                "  write them with commas: seed=0,1,2, or list them in the recipe, under sweep:\n"
                "  (a single run: framework run)"
            )
        if goal is not None and any(axis.key.split(".")[-1] == "seed" for axis in axes.varying):
            raise UserError(
                "a search would choose the luckiest seed\n"
                "  search with one, then compare the best settings in a sweep over seeds"
            )
        checked = tuple(_check(path, _extremes(axes) if goal else axes.combinations()))
        if goal is not None and not any(stage.evaluators for stage in checked[0][1].stages.values()):
            raise UserError(f"{path} has no evaluators, whose final metrics a search goes by")
        identity = [recipe.to_yaml() for _, recipe in checked]
        if goal is not None:
            identity += [*sorted(settings), goal.metric, goal.direction]
        digest = hashlib.sha256("\0".join(identity).encode()).hexdigest()
        return cls(path, tuple(settings), axes, checked, goal, digest)

    @property
    def recipe(self) -> Recipe:
        """The first combination's, for what all have in common: name and tracking."""
        return self.checked[0][1]

    @property
    def name(self) -> str:
        """A name that the same command gives again."""
        return f"{self.recipe.name}-{self.digest[:6]}"

    def recipe_of(self, combination: Combination) -> Recipe:
        """The recipe of one combination of a search.

        Raises:
            UserError: it cannot be run, or the recipe has changed since the search began.
        """
        Plan.make(self.path, self.settings, self.goal).require(self.digest)
        ((_, recipe),) = _check(self.path, [combination])
        return recipe

    def require(self, digest: str) -> None:
        """Check that this is still what was searched before.

        Raises:
            UserError: it is not.
        """
        if self.digest != digest:
            raise UserError(
                f"{self.path} has changed since this search began\n"
                "  undo the change to go on, or begin another search with --name"
            )


def _extremes(axes: Axes) -> list[Combination]:
    """For a search: every value and both ends of every range, each once."""
    found = []
    choices = [_ends(axis) for axis in axes.varying]
    for index in range(max(map(len, choices))):
        picked = {
            axis.key: ends[min(index, len(ends) - 1)]
            for axis, ends in zip(axes.varying, choices, strict=True)
        }
        found.append(axes.combination(picked))
    return found


def _ends(axis: Axis) -> tuple[str, ...]:
    if axis.range is None:
        return axis.values
    return axis.range.text(axis.range.low), axis.range.text(axis.range.high)


def _check(path: Path, combinations: Iterable[Combination]) -> Iterator[tuple[Combination, Recipe]]:
    """Load the recipe with each combination.

    Raises:
        UserError: some cannot be run; all their problems, each once.
    """
    checked: list[tuple[Combination, Recipe]] = []
    refused: list[Combination] = []
    problems: dict[Problem, None] = {}
    for combination in combinations:
        try:
            checked.append((combination, load(path, combination.overrides)))
        except RecipeError as error:
            refused.append(combination)
            problems.update(dict.fromkeys(error.problems))
    if refused:
        others = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
        raise UserError(
            f"the combination '{refused[0].name}'{others} cannot be run:\n{RecipeError(problems)}"
        )
    return iter(checked)
