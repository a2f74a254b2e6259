"""The evaluator: play with the most probable actions and report the average return."""

from typing import Any

import numpy as np

from framework import Report, Table
from framework_cartpole.config import MeanReturnConfig


class MeanReturn:
    """Average return, and the learning curve if it looked during training."""

    def __init__(self, config: MeanReturnConfig) -> None:
        self.episodes = config.episodes
        self.every = config.every
        self.curve: list[tuple[int, float]] = []

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        returns = self.play(algorithm, environment)
        report = Report(metrics={"return": float(returns.mean()), "worst": float(returns.min())})
        if self.curve:
            report.tables["Learning curve"] = Table(["episodes", "return"], self.curve)
        return report

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        mean = float(self.play(algorithm, environment).mean())
        self.curve.append((algorithm.episodes, mean))
        return {"return": mean}

    def state_dict(self) -> dict[str, Any]:
        return {"curve": list(self.curve)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.curve = list(state["curve"])

    def play(self, algorithm: Any, environment: Any) -> np.ndarray:
        """Play episodes; return what each brought, `(episodes,)`."""
        found: list[float] = []
        seed = 0
        while len(found) < self.episodes:
            observation, _ = environment.reset(seed=seed)
            total = np.zeros(environment.num_envs)
            going = np.ones(environment.num_envs, bool)
            while going.any():
                action = algorithm.model.best(observation).numpy()
                observation, reward, terminated, truncated, _ = environment.step(action)
                total += reward * going
                going &= ~(terminated | truncated)
            found += total.tolist()
            seed += 1
        return np.array(found[: self.episodes])
