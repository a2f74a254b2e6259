"""How long each goal takes, and what it costs to forget, or to meet other physics."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from framework.progress import tell
from framework.report import Report, Table
from framework_adr.meta_learning.config import TimePerGoalConfig
from framework_adr.meta_learning.trials import Moment, Numbers, Trials, draw

#: What is changed after a goal: nothing; the hidden state, to zero; the physics, drawn anew; with `broken`,
#: parameters of something that breaks, once and for good.
KINDS = ("nothing", "memory", "physics", "broken")
#: Goals before and after a change that the table compares.
AROUND = 3
CENTRAL_95 = 1.96


class TimePerGoal:
    """Steps that each goal takes, over a trial of many (section 9 of the paper).

    A policy that learns about its world while it acts needs less time for later goals than for the first.
    Take what it remembers away, or change the world, and the next goals take longer again. Trials of all
    kinds have the same physics and first states; those that do not reach `goals` goals are left out,
    since their last goals would be missing.

    Metrics are, for each kind, `{kind}/survivors`, the share of trials that count, and, if two do,
    `{kind}/rise`, by how many steps the goal after a change takes longer than those before it, over all
    changes.

    Args:
        config: the parameters.
    """

    def __init__(self, config: TimePerGoalConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Play trials of every kind.

        Raises:
            UserError: the environment has no such parameters, or does not say when goals are reached.
        """
        config = self.config
        found: dict[str, Numbers] = {}
        kinds = KINDS if config.broken else KINDS[:-1]
        for i, kind in enumerate(kinds):
            tell(i * config.trials, len(kinds) * config.trials, "episodes")
            times = self._times(algorithm, environment, kind)
            found[kind] = times[~np.isnan(times).any(axis=1)]
        return _report(found, config)

    def _times(self, algorithm: Any, environment: Any, kind: str) -> Numbers:
        """Steps that each goal of each trial took, `(trials, goals)`; NaN for those not reached."""
        config = self.config
        trials = Trials(environment, config.physics, config.trials, config.seed, config.broken)
        player = algorithm.player()
        random = np.random.default_rng([config.seed, 2])
        times = np.full((config.trials, config.goals), np.nan)
        reached, since = np.zeros(config.trials, np.int64), np.zeros(config.trials, np.int64)
        for moment in trials.play(player):
            since[moment.trials[moment.playing]] += 1
            now = moment.trials[moment.reached]
            counted = now[reached[now] < config.goals]
            times[counted, reached[counted]] = since[counted]
            reached[now] += 1
            since[now] = 0
            self._change(kind, moment, reached, player, environment, random)
        return times

    def _change(
        self,
        kind: str,
        moment: Moment,
        reached: Any,
        player: Any,
        environment: Any,
        random: np.random.Generator,
    ) -> None:
        """Change something where the last step reached a goal after which that is due."""
        due = moment.reached.copy()
        after = self.config.after[:1] if kind == "broken" else self.config.after
        due[due] = np.isin(reached[moment.trials[due]], after)
        if not due.any() or kind == "nothing":
            return
        if kind == "memory":
            player.ended(due)
        else:
            ids = np.flatnonzero(due)
            new = self.config.broken if kind == "broken" else self.config.physics
            environment.set_parameters(draw(new, len(ids), random), ids)


def _report(found: dict[str, Numbers], config: TimePerGoalConfig) -> Report:
    report, rows = Report(), []
    for kind, times in found.items():
        report.metrics[f"{kind}/survivors"] = len(times) / config.trials
        if len(times) < 2:
            report.notes.append(
                f"{len(times)} trials with {kind} changed reach {config.goals} goals, too few to tell. "
                "Ask for fewer goals, or give the evaluator an environment with longer episodes."
            )
            continue
        rises = []
        for after in config.after:
            before = times[:, max(0, after - AROUND) : after].mean(axis=1)
            following, later = times[:, after], times[:, after + 1 : after + 1 + AROUND]
            rise = following - before
            rises.append(rise)
            wide = CENTRAL_95 * rise.std(ddof=1) / np.sqrt(len(rise))
            means = [before.mean(), following.mean(), later.mean() if later.size else None]
            rows.append([kind, after, *means, rise.mean() - wide, rise.mean() + wide])
        report.metrics[f"{kind}/rise"] = float(np.mean(rises))
    columns = ["changed", "after goal", f"{AROUND} goals before", "next goal", f"{AROUND} goals later"]
    caption = (
        f"Steps per goal, in trials that reach {config.goals} goals; "
        "95% interval of how much longer the next goal takes."
    )
    report.tables["time per goal"] = Table([*columns, "rise from", "to"], rows, caption=caption)
    report.figures["time per goal"] = _curves(found, config)
    return report


def _curves(found: dict[str, Numbers], config: TimePerGoalConfig) -> Figure:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    goal = np.arange(1, config.goals + 1)
    for kind, times in found.items():
        if len(times) < 2:
            continue
        mean, wide = times.mean(axis=0), CENTRAL_95 * times.std(axis=0, ddof=1) / np.sqrt(len(times))
        (line,) = axes.plot(goal, mean, label=kind)
        axes.fill_between(goal, mean - wide, mean + wide, color=line.get_color(), alpha=0.2, linewidth=0)
    for after in config.after:
        axes.axvline(after + 0.5, color="black", linewidth=0.8, linestyle=":")
    axes.set(xlabel="goal", ylabel="steps that it takes")
    if axes.lines[: -len(config.after)]:
        axes.legend(title="changed at the dotted lines")
    axes.grid(alpha=0.3)
    return figure
