"""Share of episodes that end at their goal (Andrychowicz et al. 2017, section 4)."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.errors import UserError
from framework.report import Report, Table
from framework.rl.curve import LearningCurve
from framework.rl.evaluate import Outcomes, evaluate_policy
from framework.rl.film import film
from framework.statistics import wilson_interval
from framework_her.config import SuccessRateConfig
from framework_her.goal_map import Witness, coordinates, draw


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
        """The final evaluation, where in the space of goals it succeeded, and the learning curve so far."""
        witness = Witness(algorithm.act, environment.num_envs)
        played = self._play(witness, environment, self.config.episodes, stream=0)
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
        if goals := witness.goals(episodes):
            quantities = getattr(environment, "goal_quantities", coordinates)(*goals)
            report.figures["success by goal"] = draw(quantities, played.success)
        self.curve.show(report)
        if self.config.film:
            self._film(algorithm, environment, report)
        return report

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        """One evaluation during training."""
        played = self._play(algorithm.act, environment, self.config.monitor_episodes, stream=1)
        rate = float(played.success.mean())
        self.curve.add(algorithm.counters, rate)
        return {"rate": rate, "return": float(played.returns.mean())}

    def state_dict(self) -> dict[str, Any]:
        return self.curve.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.curve.load_state_dict(state)

    def _film(self, algorithm: Any, environment: Any, report: Report) -> None:
        """Film the first of the episodes that were judged; a training is not lost for want of a film."""
        try:
            report.videos |= film(environment, algorithm.act, self.config.film, self._seed(stream=0)).videos
        except UserError as error:
            report.notes.append(f"Not filmed: {error}")

    def _seed(self, stream: int) -> int:
        return int(np.random.SeedSequence([self.config.seed, stream]).generate_state(1)[0])

    def _play(self, policy: Any, environment: Any, episodes: int, stream: int) -> Outcomes:
        played = evaluate_policy(environment, policy, episodes, self._seed(stream))
        if np.isnan(played.success).any():
            raise UserError(
                f"{type(environment).__name__} does not tell success: its info has no 'is_success'\n"
                "  her/success_rate needs a goal environment, such as her/fetch_push"
            )
        return played
