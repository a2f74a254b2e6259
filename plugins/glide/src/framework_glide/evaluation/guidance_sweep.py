"""Guidance over scales: what it gains, and what it costs (sections 2.3, 2.4 and 5.2 of the paper)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from framework.report import Report, Table
from framework_glide.evaluation.bench import bench
from framework_glide.evaluation.config import GuidanceSweepConfig
from framework_glide.evaluation.figures import adversary, comparison, fronts, pareto
from framework_glide.evaluation.quality import MEASURES, Ruler
from framework_glide.evaluation.sample_store import Pictures
from framework_glide.evaluation.settings import Setting

Values: TypeAlias = Mapping[str, Mapping[str, float]]


class GuidanceSweep:
    """No guidance, classifier-free guidance and CLIP guidance, each picture from the same noise.

    Args:
        config: the parameters.

    Attributes:
        folder: where pictures are kept; None for nowhere.
    """

    def __init__(self, config: GuidanceSweepConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        desk = bench(self.config, self.folder, algorithm, environment)
        desk.require_features("glide/guidance_sweep")
        ruler, settings = Ruler(desk), self.config.settings()
        values: dict[str, dict[str, float]] = {}
        shown: dict[str, Pictures] = {"real": desk.rows.pictures[: self.config.examples]}
        for setting in settings:
            pictures = desk.sample(setting.sampling)
            values[setting.name] = ruler.of(pictures).values
            shown[setting.title] = pictures[: self.config.examples]
        report = Report()
        for name, measured in values.items():
            report.metrics |= {f"{key}/{name}": value for key, value in measured.items()}
        claims = summary(settings, values)
        report.metrics |= claims
        report.tables["settings"] = settings_table(settings, values, ruler.measures)
        report.tables["what guidance does"] = _claims_table(claims)
        report.figures["fronts"] = fronts(settings, values)
        families = {setting.family for setting in settings}
        if "clip" in families and "accuracy" in values["none"]:
            report.figures["the guiding CLIP and the judge"] = adversary(settings, values)
        report.figures["pictures"] = comparison(shown, desk.rows.captions[: self.config.examples])
        return report


#: What the numbers of `summary` say, by their ends.
CLAIMS = {
    "accuracy_gain": "attribute accuracy at the best scale, less that without guidance",
    "frechet_ratio": "Fréchet distance at the scale of best accuracy over that without guidance",
    "lowest_frechet_ratio": "lowest Fréchet distance of all scales over that without guidance",
    "lowest_frechet_limit_ratio": "the same of extrapolated distances",
    "precision_gain": "highest precision, less that without guidance",
    "recall_change": "recall at the scale of highest precision, less that without guidance",
    "recall_change_at_extreme": "recall at the largest scale, less that without guidance",
    "accuracy_drop_at_extreme": "attribute accuracy at the best scale, less that at the largest",
    "own_score_rise_at_extreme": "caption similarity at the largest scale, less that at the best",
}


def summary(settings: Sequence[Setting], values: Values) -> dict[str, float]:
    """The numbers of the paper's claims, `cfg/accuracy_gain` and so on; see `CLAIMS`.

    Without attributes the best scale is that of the lowest Fréchet distance.

    Args:
        settings: no guidance, and scales of one or two kinds.
        values: measures by setting.
    """
    found: dict[str, float] = {}
    none = values["none"]
    for family in ("cfg", "clip"):
        chosen = sorted((one for one in settings if one.family == family), key=lambda one: one.scale)
        if not chosen:
            continue
        each = [values[one.name] for one in chosen]
        judged = "accuracy" in none
        best = int(np.argmax([one["accuracy"] if judged else -one["frechet"] for one in each]))
        precise = int(np.argmax([one["precision"] for one in each]))
        numbers = {
            "best_scale": chosen[best].scale,
            "frechet_ratio": _ratio(each[best]["frechet"], none["frechet"]),
            "lowest_frechet_ratio": _lowest(each, none, "frechet"),
            "lowest_frechet_limit_ratio": _lowest(each, none, "frechet_limit"),
            "precision_gain": each[precise]["precision"] - none["precision"],
            "recall_change": each[precise]["recall"] - none["recall"],
            "recall_change_at_extreme": each[-1]["recall"] - none["recall"],
        }
        if judged:
            numbers["accuracy_gain"] = each[best]["accuracy"] - none["accuracy"]
            numbers["accuracy_drop_at_extreme"] = each[best]["accuracy"] - each[-1]["accuracy"]
        # Only the CLIP that guides can be deceived: of classifier-free guidance it is a bystander.
        if "similarity" in none and family == "clip":
            numbers["own_score_rise_at_extreme"] = each[-1]["similarity"] - each[best]["similarity"]
        found |= {f"{family}/{name}": float(value) for name, value in numbers.items()}
    if "cfg/accuracy_gain" in found and "clip/accuracy_gain" in found:
        found["cfg_over_clip"] = found["cfg/accuracy_gain"] - found["clip/accuracy_gain"]
    return found


def settings_table(settings: Sequence[Setting], values: Values, measures: Mapping[str, str]) -> Table:
    """A row of measures per setting, and whether another one is better in accuracy and distance both."""
    columns = ["setting", *measures.values(), "Pareto-optimal in"]
    marks: list[list[str]] = [[] for _ in settings]
    for x, y, sign in (
        ("recall", "precision", 1),
        ("frechet", "accuracy", -1),
        ("frechet", "similarity", -1),
    ):
        if not {x, y} <= set(measures):
            continue
        points = np.array([[sign * values[one.name][x], values[one.name][y]] for one in settings])
        for mark, best in zip(marks, pareto(points), strict=True):
            if best:
                mark.append(f"{MEASURES[x]} and {MEASURES[y]}")
    rows = [
        [one.title, *(values[one.name].get(key) for key in measures), "; ".join(mark)]
        for one, mark in zip(settings, marks, strict=True)
    ]
    note = "Caption similarity is the guiding CLIP's own score." if "similarity" in measures else ""
    return Table(columns, rows, note)


def _claims_table(claims: Mapping[str, float]) -> Table:
    rows = [
        [text, claims.get(f"cfg/{name}"), claims.get(f"clip/{name}")]
        for name, text in {"best_scale": "scale of best accuracy", **CLAIMS}.items()
    ]
    return Table(["", "classifier-free", "CLIP"], [row for row in rows if row[1:] != [None, None]])


def _lowest(each: Sequence[Mapping[str, float]], none: Mapping[str, float], key: str) -> float:
    # An extrapolated distance may come out below 0.
    return _ratio(max(0.0, min(one[key] for one in each)), none[key])


def _ratio(value: float, base: float) -> float:
    # Of a distance of 0 nothing can be a multiple; it happens to pictures that are the real ones.
    return value / max(base, 1e-12)
