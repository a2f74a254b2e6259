"""How well boxes are counted that went out of sight."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.errors import UserError
from framework.report import Report, Table
from framework.rl.curve import LearningCurve
from framework_hide_seek.tasks.config import CountedConfig
from framework_hide_seek.tasks.counter import Counter, told


class Counted:
    """Lets a classifier count in episodes that it has not learnt from.

    Args:
        config: the parameters.

    Attributes:
        every: units of the budget between two evaluations during training.
        curve: of the accuracy.
    """

    def __init__(self, config: CountedConfig) -> None:
        self.config = config
        self.every = config.every
        self.curve = LearningCurve("accuracy")

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """The final evaluation, and the learning curve so far."""
        true, said = self._told(algorithm, environment)
        most = algorithm.head.out_features
        report = Report(
            metrics={
                "accuracy": float((true == said).mean()),
                "error": float(np.abs(true - said).mean()),
                "chance": 1 / most,
            }
        )
        rows = [
            [count, *(int(((true == count) & (said == other)).sum()) for other in range(most))]
            for count in range(most)
        ]
        report.tables["counts"] = Table(
            ["went to the right", *(f"said {count}" for count in range(most))],
            rows,
            caption=f"{self.config.episodes} episodes that were not learnt from.",
        )
        self.curve.show(report)
        return report

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        """One evaluation during training."""
        true, said = self._told(algorithm, environment)
        accuracy = float((true == said).mean())
        self.curve.add(algorithm.counters, accuracy)
        return {"accuracy": accuracy}

    def state_dict(self) -> dict[str, Any]:
        return self.curve.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.curve.load_state_dict(state)

    def _told(self, algorithm: Any, environment: Any) -> Any:
        if not isinstance(algorithm, Counter):
            raise UserError(f"{type(algorithm).__name__} does not count: use hide_seek/counter")
        return told(algorithm, environment, self.config.episodes, self.config.seed + 1)
