"""What teams do: who sees whom, and what is moved and locked before the seekers come (figures 1 and 4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.errors import UserError
from framework.report import Report, Table
from framework.rl.curve import LearningCurve
from framework.rl.film import film
from framework.statistics import bootstrap_interval
from framework_hide_seek.evaluation.config import StrategiesConfig
from framework_hide_seek.evaluation.games import Games, drawing, play


class Strategies:
    """Lets the teams play each other, and counts what the phases of the paper are told by.

    During training it plays fewer games, always with the same first layouts.

    Args:
        config: the parameters.

    Attributes:
        every: units of the budget between two evaluations during training.
        curves: of what hiders earn, how often they are seen, and what is moved and locked.
    """

    def __init__(self, config: StrategiesConfig) -> None:
        self.config = config
        self.every = config.every
        self.curves: dict[str, LearningCurve] = {}

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """The final evaluation, and the curves so far."""
        played = play(environment, algorithm.policy, self.config.games, self._seed(0))
        report = Report(metrics=self._metrics(played))
        rows = []
        for name, values in self._numbers(played).items():
            interval = bootstrap_interval([values]) or (np.array(np.nan), np.array(np.nan))
            rows.append([name.replace("_", " "), float(values.mean()), *map(float, interval)])
        report.tables["strategies"] = Table(
            ["", "mean", "interquartile mean from", "to"],
            rows,
            caption=(
                f"{self.config.games} games with drawn actions. Seen, and seekers on boxes: shares of the "
                "steps after the preparation. All else as it was at its end: how far a box, or a ramp, was "
                "moved at most (m), how many are locked, whether all doors are blocked. "
                "95% bootstrap intervals over games."
            ),
        )
        for curve in self.curves.values():
            curve.show(report)
        if self.config.film:
            self._film(algorithm, environment, report)
        return report

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        """One evaluation during training."""
        metrics = self._metrics(play(environment, algorithm.policy, self.config.monitor_games, self._seed(1)))
        for name, value in metrics.items():
            curve = self.curves.setdefault(name, LearningCurve(name.replace("_", " ")))
            curve.add(algorithm.counters, value)
        return metrics

    def state_dict(self) -> dict[str, Any]:
        return {name: curve.state_dict() for name, curve in self.curves.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.curves = {name: LearningCurve(name.replace("_", " ")) for name in state}
        for name, curve in self.curves.items():
            curve.load_state_dict(state[name])

    def _numbers(self, played: Games) -> dict[str, Any]:
        """What is reported, `(games,)` each, by name."""
        return {"hiders_return": played.hiders, "seekers_return": played.seekers, **played.told}

    def _metrics(self, played: Games) -> dict[str, float]:
        return {name: float(values.mean()) for name, values in self._numbers(played).items()}

    def _seed(self, stream: int) -> int:
        return int(np.random.SeedSequence([self.config.seed, stream]).generate_state(1)[0])

    def _film(self, algorithm: Any, environment: Any, report: Report) -> None:
        """Film the first of the games that were judged; a training is not lost for want of a film."""
        player = drawing(environment, algorithm.policy, self._seed(0))
        try:
            report.videos |= film(environment, player, self.config.film, self._seed(0)).videos
        except UserError as error:
            report.notes.append(f"Not filmed: {error}")
