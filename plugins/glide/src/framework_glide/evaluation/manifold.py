"""Precision, recall and realism from nearest neighbours (Kynkäänniemi et al. 2019)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

#: Points whose distances to all others are in memory at once.
CHUNK = 512


class PrecisionRecall(NamedTuple):
    """Fidelity and diversity.

    Attributes:
        precision: share of generated features within the manifold of the real ones.
        recall: share of real features within the manifold of the generated ones.
    """

    precision: float
    recall: float


class Manifold:
    """The union of a sphere around each feature, out to its k-th nearest neighbour (section 3).

    Args:
        features: `(n, d)`, more than k of them.
        k: which neighbour; the paper recommends 3.
    """

    def __init__(self, features: ArrayLike, k: int = 3) -> None:
        self.features = _tensor(features)
        if len(self.features) <= k:
            raise ValueError(f"the {k}-th neighbour needs more than {k} features, not {len(self.features)}")
        # The nearest of all is the point itself.
        self.radii = torch.cat(
            [
                _distances(part, self.features).kthvalue(k + 1).values
                for part in torch.split(self.features, CHUNK)
            ]
        )

    def contains(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Whether each of the points `(m, d)` lies within some sphere: `(m,)` (equation 1)."""
        inside = [
            (_distances(part, self.features) <= self.radii).any(dim=1)
            for part in torch.split(_tensor(points), CHUNK)
        ]
        return np.asarray(torch.cat(inside).numpy())

    def nearest(self, points: ArrayLike) -> NDArray[np.float64]:
        """Minus the distance of each of the points `(m, d)` from the nearest feature: `(m,)`."""
        least = [
            _distances(part, self.features).min(dim=1).values for part in torch.split(_tensor(points), CHUNK)
        ]
        return -np.asarray(torch.cat(least).numpy())

    def realism(self, points: ArrayLike) -> NDArray[np.float64]:
        """The highest ratio of a sphere's radius to the distance from its centre: `(m,)` (equation 3).

        At least 1 within the manifold; the higher, the nearer to where the features are dense.
        Spheres larger than the median do not count: around outliers they say little.
        """
        kept = self.radii <= self.radii.median()
        centres, radii = self.features[kept], self.radii[kept]
        # A point on a centre would be infinitely real.
        tiny = torch.finfo(radii.dtype).tiny ** 0.5
        highest = [
            (radii / _distances(part, centres).clamp(min=tiny)).max(dim=1).values
            for part in torch.split(_tensor(points), CHUNK)
        ]
        return np.asarray(torch.cat(highest).numpy())


def precision_recall(features: ArrayLike, reference: ArrayLike, k: int = 3) -> PrecisionRecall:
    """Precision and recall of generated features `(n, d)` against real ones `(m, d)` (equation 2).

    Both depend on n and m; compare numbers of the same n and m.
    """
    precision = Manifold(reference, k).contains(features).mean()
    recall = Manifold(features, k).contains(reference).mean()
    return PrecisionRecall(float(precision), float(recall))


def _tensor(features: ArrayLike) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(features, dtype=np.float64))


def _distances(points: Tensor, others: Tensor) -> Tensor:
    # By matrix products equal points would not be at distance 0.
    return torch.cdist(points, others, compute_mode="donot_use_mm_for_euclid_dist")
