"""Mean return of whole episodes, played without exploration."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.report import Report, Table
from framework.rl.curve import LearningCurve, saved_curve, show_beside
from framework.rl.evaluate import Outcomes, evaluate_policy
from framework.rl.on_policy.config import MeanReturnConfig
from framework.statistics import bootstrap_interval


class MeanReturn:
    """Plays episodes with an algorithm's `player()` and averages their returns.

    During training it plays fewer episodes, always the same ones, and keeps the means for the
    learning curve, beside which those of other trainings may be shown. Of many agents it is the
    return of all together.

    Args:
        config: the parameters.

    Attributes:
        every: units of the budget between two evaluations during training.
    """

    def __init__(self, config: MeanReturnConfig) -> None:
        self.config = config
        self.every = config.every
        self.curve = LearningCurve("mean return")

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """The final evaluation, and the learning curve so far."""
        played = self._play(algorithm, environment, self.config.episodes, stream=0)
        returns = played.returns
        metrics = {
            "return": float(returns.mean()),
            "return_std": float(returns.std()),
            "return_median": float(np.median(returns)),
            "length": float(played.lengths.mean()),
        }
        if not np.isnan(played.success).any():
            metrics["success"] = float(played.success.mean())
        report = Report(metrics=metrics)
        interval = bootstrap_interval([returns])
        low, high = interval if interval is not None else (returns[0], returns[0])
        report.tables["return"] = Table(
            ["episodes", "mean", "std", "median", "interquartile mean from", "to", "mean length"],
            [
                [
                    self.config.episodes,
                    *(metrics[name] for name in ("return", "return_std", "return_median")),
                    float(low),
                    float(high),
                    metrics["length"],
                ]
            ],
            caption="Undiscounted returns of episodes without exploration; 95% bootstrap interval.",
        )
        self.curve.show(report)
        if self.config.beside:
            others = {name: saved_curve(path, self.curve.name) for name, path in self.config.beside.items()}
            show_beside({**others, self.config.name: self.curve}, report)
        return report

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        """One evaluation during training."""
        played = self._play(algorithm, environment, self.config.monitor_episodes, stream=1)
        mean = float(played.returns.mean())
        self.curve.add(algorithm.counters, mean)
        return {"return": mean, "length": float(played.lengths.mean())}

    def state_dict(self) -> dict[str, Any]:
        return self.curve.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.curve.load_state_dict(state)

    def _play(self, algorithm: Any, environment: Any, episodes: int, stream: int) -> Outcomes:
        seed = int(np.random.SeedSequence([self.config.seed, stream]).generate_state(1)[0])
        return evaluate_policy(environment, algorithm.player(), episodes, seed)
