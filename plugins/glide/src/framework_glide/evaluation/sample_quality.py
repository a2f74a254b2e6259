"""How good pictures are under one setting; also while they are still being learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from framework.report import Report, Table
from framework_glide.evaluation.bench import FEWEST, Bench, bench
from framework_glide.evaluation.config import SampleQualityConfig
from framework_glide.evaluation.figures import captioned
from framework_glide.evaluation.quality import Quality, Ruler, accuracy_of
from framework_glide.evaluation.rows import rows_of


class SampleQuality:
    """Fréchet distance, precision, recall, attribute accuracy, caption similarity, and the pictures.

    Args:
        config: the parameters.

    Attributes:
        folder: where pictures are kept; None for nowhere.
        every: images between two looks at the training.
    """

    def __init__(self, config: SampleQualityConfig) -> None:
        self.config, self.every = config, config.every
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        desk = bench(self.config, self.folder, algorithm, environment)
        pictures = desk.sample(self.config.sampling)
        ruler = Ruler(desk)
        quality = ruler.of(pictures)
        report = Report(metrics={"samples": float(len(pictures)), **quality.values})
        if not desk.has_features:
            report.notes.append(
                "No Fréchet distance, precision and recall: they need a judge or a CLIP, and at least "
                f"{FEWEST} real pictures."
            )
        else:
            self._add_tables(report, desk, ruler, quality, environment)
        shown = slice(self.config.examples)
        right = None if quality.accuracy is None else quality.accuracy.of_pictures[shown]
        report.images["samples"] = captioned(pictures[shown], desk.rows.captions[shown], right)
        return report

    def monitor(self, algorithm: Any, environment: Any) -> Mapping[str, float]:
        """Measure a few pictures, sampled in few steps."""
        config = replace(
            self.config,
            samples=self.config.every_samples,
            sampling=replace(self.config.sampling, steps=self.config.every_steps),
        )
        desk = bench(config, None, algorithm, environment)
        return {"samples": float(config.samples), **Ruler(desk).of(desk.sample(config.sampling)).values}

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """There is nothing to remember."""

    def _add_tables(
        self, report: Report, desk: Bench, ruler: Ruler, quality: Quality, environment: Any
    ) -> None:
        measures, rows = ruler.measures, [["sampled", *quality.row(ruler.measures)]]
        if self.config.split == "validation":
            # As many real pictures of another split: what nothing can be much better than.
            others = rows_of(environment, "train", self.config.samples)
            values = ruler.distances(desk.features(others.pictures))
            real = None if desk.judge is None else accuracy_of(desk.judge, desk.real.pictures, desk.real)
            if real is not None:
                values |= {"accuracy": real.all, "attribute_mean": real.mean}
            rows.append(["real, from train", *Quality(values, real).row(measures)])
            report.metrics["frechet_of_real"] = values["frechet"]
        report.tables["quality"] = Table(["pictures", *measures.values()], rows)
        if quality.accuracy is not None:
            report.metrics |= {f"accuracy/{name}": value for name, value in quality.accuracy.each.items()}
            report.tables["by attribute"] = Table(
                ["attribute", "accuracy"], list(quality.accuracy.each.items())
            )
