"""Fewer steps and other samplers, against many steps of the plain one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from framework.report import Report, Table
from framework_glide.evaluation.bench import bench
from framework_glide.evaluation.config import SamplingStepsConfig
from framework_glide.evaluation.figures import comparison
from framework_glide.evaluation.quality import Ruler


class SamplingSteps:
    """The quality of several samplers and numbers of steps, as multiples of the first one's.

    Args:
        config: the parameters.

    Attributes:
        folder: where pictures are kept; None for nowhere.
    """

    def __init__(self, config: SamplingStepsConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        desk = bench(self.config, self.folder, algorithm, environment)
        desk.require_features("glide/sampling_steps")
        ruler, report = Ruler(desk), Report()
        rows, shown, first = [], {}, dict[str, float]()
        for setting in self.config.parsed():
            pictures = desk.sample(setting.sampling)
            quality = ruler.of(pictures)
            first = first or quality.values
            ratios = {
                key: quality.values[key] / first[key]
                for key in ("frechet", "accuracy")
                if key in first and first[key] > 0
            }
            report.metrics |= {f"{key}/{setting.name}": value for key, value in quality.values.items()}
            report.metrics |= {f"{key}_ratio/{setting.name}": value for key, value in ratios.items()}
            steps = len(desk.model.diffusion.respaced(setting.sampling.respacing))
            row = [setting.name, steps, *quality.row(ruler.measures)]
            rows.append([*row, ratios.get("frechet"), ratios.get("accuracy")])
            shown[setting.name] = pictures[: self.config.examples]
        columns = ["sampler and steps", "steps", *ruler.measures.values(), "distance ratio", "accuracy ratio"]
        report.tables["samplers and steps"] = Table(columns, rows, caption="Ratios are to the first row.")
        report.figures["pictures"] = comparison(shown, desk.rows.captions[: self.config.examples])
        return report
