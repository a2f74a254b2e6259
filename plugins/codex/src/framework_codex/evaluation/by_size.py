"""What an evaluator finds of models of several sizes, beside their held-out loss (figures 4 and 6)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from framework.contracts import KeepsWork
from framework.errors import UserError, did_you_mean
from framework.report import Report, Table
from framework_codex.evaluation.config import BySizeConfig
from framework_codex.evaluation.figures import size_figure
from framework_codex.evaluation.held_out import held_out_loss, held_out_texts
from framework_codex.evaluation.scaling import non_embedding_parameters

if TYPE_CHECKING:
    from framework_codex.gpt.model import GPT

LOSS = "loss per byte"


class Point(NamedTuple):
    """One model and what was found of it.

    Attributes:
        series: which models it belongs to.
        parameters: without embeddings.
        shape: layers x width.
        metrics: of the evaluator's report; the held-out loss is `LOSS`, in nats, if there is one.
    """

    series: str
    parameters: int
    shape: str
    metrics: dict[str, float]

    def band(self, name: str) -> tuple[float, float, float]:
        """A metric and the ends of its interval; NaN where there is none."""
        found = (self.metrics.get(name + end, math.nan) for end in ("", "_low", "_high"))
        value, low, high = found
        return value, low, high


class BySize:
    """Has an evaluator judge one model after another and shows its metrics against their size.

    Args:
        config: the parameters.

    Attributes:
        folder: where the evaluator keeps what it has done; None for nowhere.
    """

    def __init__(self, config: BySizeConfig) -> None:
        if sum(map(len, config.models.values())) < 2:
            raise UserError("codex/by_size compares at least two models: give more checkpoints in `models`")
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        splits = list(environment.keys()) if hasattr(environment, "keys") else []
        texts = held_out_texts(environment, self.config.limit) if "validation" in splits else []
        if isinstance(self.config.evaluator, KeepsWork):
            self.config.evaluator.folder = self.folder
        report, points = Report(), []
        for series, path in self._models():
            model = load_model(path)
            found = self.config.evaluator(model, environment)
            metrics = dict(found.metrics)
            if texts:
                metrics[LOSS] = held_out_loss(model, texts, self.config.batch_size).per_byte
            shape = f"{model.config.layers} x {model.config.width}"
            points.append(Point(series, non_embedding_parameters(model), shape, metrics))
            report.notes += [note for note in found.notes if note not in report.notes]
        points.sort(key=lambda point: (list(self.config.models).index(point.series), point.parameters))
        names = self._names(points)
        for point in points:
            for name in names:
                if name in point.metrics:
                    key = f"{point.series}/{point.parameters}/{name.replace(' ', '_')}"
                    report.metrics[key] = point.metrics[name]
        report.tables["by size"] = _table(points, names)
        report.figures["by size"] = size_figure(
            names, {series: _curves(points, series, names) for series in self.config.models}
        )
        return report

    def _models(self) -> Iterator[tuple[str, Path]]:
        for series, paths in self.config.models.items():
            yield from ((series, path) for path in paths)

    def _names(self, points: Sequence[Point]) -> list[str]:
        """The metrics to show, the loss last."""
        known = dict.fromkeys(name for point in points for name in point.metrics if name != LOSS)
        for name in self.config.metrics:
            if name not in known:
                near = did_you_mean(name, known) or f"there are {', '.join(known)}"
                raise UserError(f"metrics: the evaluator finds no {name!r}\n  {near}")
        shown = self.config.metrics or [name for name in known if not name.endswith(("_low", "_high"))]
        return [*shown, *([LOSS] if any(LOSS in point.metrics for point in points) else [])]


def load_model(path: Path) -> GPT:
    """A trained model, from its checkpoint.

    Raises:
        UserError: it is none.
    """
    from framework_codex.gpt.builder import load

    return load(path).eval()


def _table(points: Sequence[Point], names: Sequence[str]) -> Table:
    columns = ["models", "parameters", "layers x width"]
    banded = [name for name in names if any(f"{name}_low" in point.metrics for point in points)]
    for name in names:
        columns += [name, *(["95% from", "95% to"] if name in banded else [])]
    rows = []
    for point in points:
        cells: list[Any] = [point.series, point.parameters, point.shape]
        for name in names:
            band = [None if math.isnan(value) else value for value in point.band(name)]
            cells += band if name in banded else band[:1]
        rows.append(cells)
    return Table(columns, rows, caption="Parameters without embeddings.")


def _curves(
    points: Sequence[Point], series: str, names: Sequence[str]
) -> tuple[list[int], dict[str, list[tuple[float, float, float]]]]:
    """Sizes of a series' models, and each metric with its interval."""
    own = [point for point in points if point.series == series]
    return [point.parameters for point in own], {name: [point.band(name) for point in own] for name in names}
