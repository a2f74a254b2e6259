"""Which of two pictures is preferred, and the Elo scores it comes to (section 5.2 of the paper)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.report import Report, Table
from framework_glide.evaluation.bench import bench
from framework_glide.evaluation.config import PreferenceConfig
from framework_glide.evaluation.elo import Elo, elo, preferences
from framework_glide.evaluation.figures import comparison, elo_figure
from framework_glide.evaluation.manifold import Manifold
from framework_glide.evaluation.patches import Patches
from framework_glide.evaluation.settings import Setting

#: The paper's scores for photorealism and caption, by people: model, guidance, scores.
PAPER: tuple[tuple[str, str, float, float], ...] = (
    ("3.5B", "none", -88.6, -106.2),
    ("3.5B", "clip 2", -73.2, 29.3),
    ("3.5B", "cfg 3", 82.7, 110.9),
    ("300M", "none", -131.8, -136.4),
    ("300M", "cfg 4", 28.2, 70.9),
    ("3.5B", "none", -23.9, -27.1),
    ("3.5B", "cfg 3", 133.0, 140.5),
)

#: The first table of the paper compares the kinds of guidance; the second, models of two sizes.
GUIDANCE_TABLE = slice(0, 3)

NOTE = (
    "Preferred in photorealism is the picture with the higher realism score of Kynkäänniemi et al. 2019, "
    "equation 3, among the judge's features of real pictures; in caption, the one whose caption's "
    "attributes the judge finds likelier. The judge has learned to see attributes and may overlook grain, so "
    "photorealism is asked for in two further ways: nearest prefers the picture whose features are nearer to "
    "a real one's, and patches, which knows neither judge nor labels, the one whose patches of 5 x 5 pixels "
    "are. Every pair of settings is compared for every caption, both pictures from the "
    "same noise. Only differences of Elo scores within a table mean something; ours have mean 0. In "
    "brackets: 95% of resamplings of the captions."
)


class Preference:
    """Compares pictures of several settings in pairs, and fits Elo scores.

    Args:
        config: the parameters.

    Attributes:
        folder: where pictures are kept; None for nowhere.
    """

    def __init__(self, config: PreferenceConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        config = self.config
        desk = bench(config, self.folder, algorithm, environment)
        judge = desk.require_judge("glide/preference")
        settings = config.parsed()
        manifold = Manifold(judge.features(desk.real.pictures))
        patches = Patches(desk.real.pictures, config.seed)
        scores: dict[str, list[NDArray[np.float64]]] = {
            question: []
            for question in ("photorealism", "caption", "nearest", "patches")
            if question != "caption" or desk.rows.attributes
        }
        shown = {}
        for setting in settings:
            pictures = desk.sample(setting.sampling)
            features = judge.features(pictures)
            scores["photorealism"].append(manifold.realism(features))
            scores["nearest"].append(manifold.nearest(features))
            scores["patches"].append(patches.realism(pictures))
            if "caption" in scores:
                scores["caption"].append(judge.log_probability(pictures, desk.rows.asked))
            shown[setting.title] = pictures[: config.examples]
        report = Report(notes=[NOTE])
        fitted: dict[str, Elo] = {}
        for question, found in scores.items():
            stacked = np.stack(found)
            fitted[question] = elo(stacked, config.seed, config.resamples)
            for setting, score in zip(settings, fitted[question].scores, strict=True):
                report.metrics[f"{question}/{setting.name}"] = float(score)
            report.tables[f"share preferred in {question}"] = wins_table(settings, stacked)
        report.tables = {"Elo": elo_table(settings, fitted), "the paper's": paper_table(), **report.tables}
        parts = {name: (one.scores, one.low, one.high) for name, one in fitted.items()}
        report.figures["Elo"] = elo_figure([setting.name for setting in settings], parts)
        report.figures["pictures"] = comparison(shown, desk.rows.captions[: config.examples])
        return report


def elo_table(settings: Sequence[Setting], fitted: Mapping[str, Elo]) -> Table:
    """Laid out as table 1 of the paper, its numbers beside ours where the guidance is of the same kind."""
    columns = ["guidance"]
    for question in fitted:
        columns += [f"Elo, {question}", "95%", "paper"]
    rows = []
    for i, setting in enumerate(settings):
        row: list[Any] = [setting.title]
        for question, one in fitted.items():
            row += [float(one.scores[i]), f"[{one.low[i]:.0f}, {one.high[i]:.0f}]"]
            row.append(_of_the_paper(setting, question))
        rows.append(row)
    return Table(columns, rows)


def paper_table() -> Table:
    """What people preferred in the paper."""
    columns = ["model and guidance", "Elo, photorealism", "Elo, caption"]
    rows = [[f"{size}, {guidance}", photo, caption] for size, guidance, photo, caption in PAPER]
    caption = "The first three are one comparison, the others another."
    return Table(columns, rows, caption)


def wins_table(settings: Sequence[Setting], scores: NDArray[np.float64]) -> Table:
    """How often the row's picture was preferred to the column's; a draw is half."""
    shares = preferences(scores).mean(axis=-1)
    names = [setting.name for setting in settings]
    rows = [
        [name, *(None if i == j else float(share) for j, share in enumerate(shares[i]))]
        for i, name in enumerate(names)
    ]
    return Table(["preferred", *names], rows)


def _of_the_paper(setting: Setting, question: str) -> float | None:
    for _, guidance, photorealism, caption in PAPER[GUIDANCE_TABLE]:
        if guidance.partition(" ")[0] == setting.family:
            return caption if question == "caption" else photorealism
    return None
