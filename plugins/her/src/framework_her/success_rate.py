"""Share of episodes that end at their goal (Andrychowicz et al. 2017, section 4)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from framework.errors import UserError
from framework.report import Report, Table
from framework.rl.curve import LearningCurve
from framework.rl.evaluate import Outcomes, evaluate_policy
from framework_her.config import SuccessRateConfig


class SuccessRate:
    """Plays episodes without exploration and counts those whose last step is a success.

    During training it plays fewer episodes, always the same ones, and keeps the outcomes
    for the learning curve.

    Args:
        config: the parameters.

    Attributes:
        every: units of the budget between two evaluations during training.
        curve: success rates against what they cost.
    """

    def __init__(self, config: SuccessRateConfig) -> None:
        self.config = config
        self.every = config.every
        self.curve = LearningCurve("success rate", limits=(-0.02, 1.02))

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """The final evaluation, and the learning curve so far."""
        played = self._play(algorithm, environment, self.config.episodes, stream=0)
        successes, episodes = int(played.success.sum()), self.config.episodes
        low, high = wilson_interval(successes, episodes)
        metrics = {
            "rate": successes / episodes,
            "rate_low": low,
            "rate_high": high,
            "return": float(played.returns.mean()),
            "length": float(played.lengths.mean()),
        }
        report = Report(metrics=metrics)
        report.tables["success"] = Table(
            ["episodes", "successes", "success rate", "95% from", "95% to", "mean return"],
            [[episodes, successes, successes / episodes, low, high, metrics["return"]]],
            caption="An episode succeeds if it ends at its goal; Wilson interval.",
        )
        self.curve.show(report)
        return report

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        """One evaluation during training."""
        played = self._play(algorithm, environment, self.config.monitor_episodes, stream=1)
        rate = float(played.success.mean())
        self.curve.add(algorithm.counters, rate)
        return {"rate": rate, "return": float(played.returns.mean())}

    def state_dict(self) -> dict[str, Any]:
        return self.curve.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.curve.load_state_dict(state)

    def _play(self, algorithm: Any, environment: Any, episodes: int, stream: int) -> Outcomes:
        seed = int(np.random.SeedSequence([self.config.seed, stream]).generate_state(1)[0])
        played = evaluate_policy(environment, algorithm.act, episodes, seed)
        if np.isnan(played.success).any():
            raise UserError(
                f"{type(environment).__name__} does not tell success: its info has no 'is_success'\n"
                "  her/success_rate needs a goal environment, such as her/fetch_push"
            )
        return played


def wilson_interval(successes: int, trials: int, z: float = 1.959964) -> tuple[float, float]:
    """Confidence interval of a proportion (Wilson 1927).

    Args:
        successes: of the trials.
        trials: at least 1.
        z: normal quantile; the default is that of 95%.
    """
    share = successes / trials
    scale = 1 + z**2 / trials
    centre = share + z**2 / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
