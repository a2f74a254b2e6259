"""What a policy can do on physics that it does not train on, as its training goes on."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from framework.progress import tell
from framework.report import Report, Table
from framework.rl.parameter_sets import ParameterSets
from framework_adr.config import CurriculumConfig


class Curriculum:
    """Judges a policy in sets of parameters again and again while it trains (section 5 of the paper).

    Held against the entropy of `adr/adr`'s ranges, it shows whether wider training helps elsewhere; run
    with other algorithms and environments, too, which way of randomising gets there sooner. Every look is
    at the same parameters and first states; nothing is explored.

    The environment may draw none where no set says so: `environment: {use: adr/puck}` in the section of the
    evaluator, where the recipe's does.

    Metrics are `{set}`, the mean performance at the end, and `{set}/best`, that of the best look.

    Args:
        config: the parameters.

    Attributes:
        every: units of the budget between two looks during training.
        points: of each look the progress, the entropy, or NaN where nothing widens, and the means.
    """

    def __init__(self, config: CurriculumConfig) -> None:
        self.config = config
        self.every = config.every
        self.points: list[list[float]] = []

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """The last look, and all of them.

        Raises:
            UserError: the environment has no parameters, not these, or draws some of its own.
        """
        done, _, unit = algorithm.progress()
        if not self.points or self.points[-1][0] < done:
            self._look(algorithm, environment)
        names, points = list(self.config.sets), np.array(self.points)
        report = Report()
        for name, means in zip(names, points[:, 2:].T, strict=True):
            report.metrics |= {name: float(means[-1]), f"{name}/best": float(means.max())}
        rows = [[None if np.isnan(number) else number for number in point] for point in self.points]
        caption = f"Mean {self.config.performance} of {self.config.episodes} episodes, without exploration."
        report.tables["curriculum"] = Table([unit, "entropy", *names], rows, caption=caption)
        report.figures["performance over training"] = _drawn(
            points[:, 0], points[:, 2:], names, unit, self.config.performance
        )
        if not np.isnan(points[:, 1]).any():
            report.figures["performance by entropy"] = _drawn(
                points[:, 1],
                points[:, 2:],
                names,
                "entropy (nats per dimension)",
                self.config.performance,
            )
        return report

    def monitor(self, algorithm: Any, environment: Any) -> dict[str, float]:
        """One look during training."""
        return self._look(algorithm, environment)

    def _look(self, algorithm: Any, environment: Any) -> dict[str, float]:
        config = self.config
        sets = ParameterSets(environment, config.sets, config.performance, config.episodes, config.seed)
        means: dict[str, float] = {}
        for title, _, performance in sets.play({"this": algorithm.player()}):
            means[title] = float(performance.mean())
            tell(len(means) * config.episodes, len(config.sets) * config.episodes, "episodes")
        bounds = getattr(algorithm, "bounds", None)
        entropy = float("nan") if bounds is None else float(bounds.entropy)
        self.points.append([float(algorithm.progress().done), entropy, *means.values()])
        return means

    def state_dict(self) -> dict[str, Any]:
        return {"points": [list(point) for point in self.points]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.points = [list(point) for point in state["points"]]


def _drawn(x: Any, means: Any, names: list[str], xlabel: str, ylabel: str) -> Figure:
    figure = Figure(figsize=(5, 3.5), layout="constrained")
    axes = figure.subplots()
    for name, each in zip(names, means.T, strict=True):
        axes.plot(x, each, marker=".", label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.legend()
    axes.grid(alpha=0.3)
    return figure
