"""Everything that is measured of a set of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from framework_glide.evaluation.accuracy import Accuracy, attribute_accuracy
from framework_glide.evaluation.bench import Bench
from framework_glide.evaluation.frechet import Gaussian, extrapolated_distance
from framework_glide.evaluation.judge.model import Judge
from framework_glide.evaluation.manifold import Manifold
from framework_glide.evaluation.rows import Rows
from framework_glide.evaluation.sample_store import Pictures

#: Headings of the measures.
MEASURES = {
    "frechet": "Fréchet distance",
    "frechet_limit": "Fréchet distance, extrapolated",
    "precision": "precision",
    "recall": "recall",
    "accuracy": "attribute accuracy",
    "attribute_mean": "mean over attributes",
    "similarity": "caption similarity",
}


@dataclass(frozen=True)
class Quality:
    """What was measured of pictures.

    Attributes:
        values: by the keys of `MEASURES`; what could not be measured is not there.
        accuracy: which attributes are right; None without a judge or attributes.
    """

    values: dict[str, float]
    accuracy: Accuracy | None

    def row(self, measures: Mapping[str, str]) -> list[float | None]:
        """The values in the order of the headings."""
        return [self.values.get(key) for key in measures]


class Ruler:
    """Measures pictures against the real ones of a bench, whose features are computed once.

    Args:
        bench: real rows, judge and CLIP.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        if bench.has_features:
            features = bench.features(bench.real.pictures)
            self.gaussian, self.manifold = Gaussian.fit(features), Manifold(features)
            self.features = features

    def of(self, pictures: Pictures) -> Quality:
        """Measure sampled pictures, one of each row of the bench."""
        bench, values, right = self.bench, dict[str, float](), None
        if bench.has_features:
            values |= self.distances(bench.features(pictures))
        if bench.judge is not None:
            right = accuracy_of(bench.judge, pictures, bench.rows)
        if right is not None:
            values |= {"accuracy": right.all, "attribute_mean": right.mean}
        if bench.clip is not None:
            values["similarity"] = float(bench.similarity(pictures, bench.clip).mean())
        return Quality(values, right)

    def distances(self, features: NDArray[np.float32]) -> dict[str, float]:
        """Fréchet distance, plain and extrapolated, precision and recall of features `(n, d)`."""
        return {
            "frechet": Gaussian.fit(features).distance(self.gaussian),
            "frechet_limit": extrapolated_distance(features, self.gaussian),
            "precision": float(self.manifold.contains(features).mean()),
            "recall": float(Manifold(features).contains(self.features).mean()),
        }

    @property
    def measures(self) -> dict[str, str]:
        """Headings of what can be measured here."""
        bench, known = self.bench, dict(MEASURES)
        if not bench.has_features:
            for key in ("frechet", "frechet_limit", "precision", "recall"):
                del known[key]
        if bench.judge is None or not bench.rows.attributes:
            for key in ("accuracy", "attribute_mean"):
                del known[key]
        if bench.clip is None:
            del known["similarity"]
        return known


def accuracy_of(judge: Judge, pictures: Pictures, rows: Rows) -> Accuracy | None:
    """Whether pictures show what the captions of their rows say; None where rows have no attributes."""
    if not rows.attributes:
        return None
    return attribute_accuracy(judge.attributes(pictures), rows.attributes, rows.mentioned)
