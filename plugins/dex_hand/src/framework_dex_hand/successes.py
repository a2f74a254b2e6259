"""Consecutive goals per trial, and what ended the trials (section 6, tables 3 and 5)."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from framework.errors import UserError
from framework.report import Report, Table
from framework.rl.curve import LearningCurve
from framework.rl.evaluate import Outcomes, evaluate_policy
from framework.rl.film import film
from framework_dex_hand.config import SuccessesConfig
from framework_dex_hand.hand import HandEnv


class Successes:
    """Plays trials without exploration and counts the goals that each reached in a row.

    During training it plays fewer, always the same ones, and keeps the means for the learning
    curve.

    Args:
        config: the parameters.

    Attributes:
        every: units of the budget between two evaluations during training.
        curve: mean goals against what they cost.
    """

    #: What `info` says about a trial that ended.
    keys: tuple[str, ...] = ("successes", "dropped", "waited", "angle")

    def __init__(self, config: SuccessesConfig) -> None:
        self.config = config
        self.every = config.every
        self.curve = LearningCurve("goals in a row")

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """The final evaluation, and the learning curve so far."""
        played = self._play(algorithm, environment, self.config.episodes, stream=0)
        report = self._report(played, environment)
        self.curve.show(report)
        if self.config.film:
            self._film(algorithm, environment, report)
        return report

    def _report(self, played: Outcomes, environment: Any) -> Report:
        """What the trials say."""
        goals, most = played.info["successes"], environment.config.max_successes
        metrics = {
            "mean": float(goals.mean()),
            "median": float(np.median(goals)),
            "std": float(goals.std()),
            "standard_error": float(goals.std() / np.sqrt(len(goals))),
            "all": float((goals >= most).mean()),
            "dropped": float(played.info["dropped"].mean()),
            "return": float(played.returns.mean()),
        }
        report = Report(metrics=metrics)
        report.tables["goals in a row"] = Table(
            [
                "trials",
                "mean",
                "standard error",
                "median",
                "10% have at most",
                "90% have at most",
                f"{most} reached",
            ],
            [
                [
                    len(goals),
                    *(metrics[name] for name in ("mean", "standard_error", "median")),
                    *np.quantile(goals, [0.1, 0.9]).tolist(),
                    metrics["all"],
                ]
            ],
            caption=f"At most {most}; {environment.task}.",
        )
        report.tables["ends"] = _ends(played, most)
        report.figures["goals in a row per trial"] = _distribution(goals, most)
        return report

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        """One evaluation during training."""
        played = self._play(algorithm, environment, self.config.monitor_episodes, stream=1)
        mean = float(played.info["successes"].mean())
        self.curve.add(algorithm.counters, mean)
        return {"mean": mean, "dropped": float(played.info["dropped"].mean())}

    def state_dict(self) -> dict[str, Any]:
        return self.curve.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.curve.load_state_dict(state)

    def _film(self, algorithm: Any, environment: Any, report: Report) -> None:
        """Film the first of the trials that were judged; a training is not lost for want of a film."""
        try:
            report.videos |= film(environment, algorithm.player(), self.config.film, self._seed(0)).videos
        except UserError as error:
            report.notes.append(f"Not filmed: {error}")

    def _seed(self, stream: int) -> int:
        return int(np.random.SeedSequence([self.config.seed, stream]).generate_state(1)[0])

    def _play(self, algorithm: Any, environment: Any, episodes: int, stream: int) -> Outcomes:
        if not isinstance(environment, HandEnv):
            raise UserError(
                f"{type(environment).__name__} counts no goals in a row\n"
                "  it takes a hand that does, such as dex_hand/reorient; for others: rl/mean_return"
            )
        return evaluate_policy(environment, algorithm.player(), episodes, self._seed(stream), self.keys)


def _ends(played: Outcomes, most: int) -> Table:
    """What ended trials, and how the last goal of each was left."""
    goals, waited, angle = (played.info[name] for name in ("successes", "waited", "angle"))
    dropped = played.info["dropped"] > 0
    full = ~dropped & (goals >= most)
    causes = {
        "the object was dropped": dropped,
        "a goal took too long": ~dropped & ~full,
        "all goals were reached": full,
    }
    rows: list[list[Any]] = []
    for cause, which in causes.items():
        numbers: list[float | None] = [None, None, None]
        if which.any():
            left = np.degrees(np.median(angle[which]))
            numbers = [float(goals[which].mean()), float(np.median(waited[which])), float(left)]
        rows.append([cause, int(which.sum()), float(which.mean()), *numbers])
    columns = [
        "end",
        "trials",
        "share",
        "mean goals before",
        "median steps for the last",
        "median degrees left",
    ]
    return Table(columns, rows, caption="What ended the trials.")


def _distribution(goals: Any, most: int) -> Figure:
    figure = Figure(figsize=(5, 3.5), layout="constrained")
    axes = figure.subplots()
    axes.hist(goals, bins=(np.arange(most + 2) - 0.5).tolist())
    axes.set(xlabel="goals in a row", ylabel="trials")
    axes.grid(alpha=0.3)
    return figure
