"""The Fréchet distance between two sets of features (Heusel et al. 2017, section 3).

The estimate is biased: with fewer pictures it is larger, by a term of order 1/N that differs
from model to model (Chong and Forsyth 2020). Compare numbers of the same N, or extrapolate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Gaussian:
    """The normal distribution fitted to features.

    Attributes:
        mean: `(d,)`.
        covariance: `(d, d)`, with N - 1 in the denominator.
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]

    @classmethod
    def fit(cls, features: ArrayLike) -> Gaussian:
        """Fit to features `(n, d)`, n at least 2."""
        values = np.asarray(features, dtype=np.float64)
        if values.ndim != 2 or len(values) < 2:
            raise ValueError(f"a covariance needs at least two rows of features, not shape {values.shape}")
        mean = values.mean(axis=0)
        centred = values - mean
        return cls(mean, centred.T @ centred / (len(values) - 1))

    def distance(self, other: Gaussian) -> float:
        """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) (Dowson and Landau 1982)."""
        # tr (C1 C2)^(1/2) is the sum of the singular values of C1^(1/2) C2^(1/2): unlike the root of
        # the product, well defined for the singular covariances of a few pictures.
        product = _root(self.covariance) @ _root(other.covariance)
        common = np.linalg.svd(product, compute_uv=False).sum()
        apart = self.mean - other.mean
        spread = np.trace(self.covariance) + np.trace(other.covariance)
        return max(0.0, float(apart @ apart + spread - 2 * common))


def frechet_distance(features: ArrayLike, reference: ArrayLike) -> float:
    """The distance of the Gaussians fitted to two sets of features, `(n, d)` and `(m, d)`."""
    return Gaussian.fit(features).distance(Gaussian.fit(reference))


def extrapolated_distance(features: ArrayLike, reference: Gaussian, points: int = 15) -> float:
    """The distance that ever more pictures would tend to (Chong and Forsyth 2020, section 4).

    A line through distances of subsets, over 1/N, read at 0. The estimate may be a little below 0.

    Args:
        features: `(n, d)`, n at least 4.
        reference: fitted to real pictures, of which there should be many: their own bias stays.
        points: subsets, of a quarter of n up to n.
    """
    values = np.asarray(features, dtype=np.float64)
    draws = np.random.default_rng(0)
    sizes = np.unique(np.linspace(max(2, len(values) // 4), len(values), points).astype(int))
    distances = [
        Gaussian.fit(values[draws.permutation(len(values))[:size]]).distance(reference) for size in sizes
    ]
    _, limit = np.polyfit(1 / sizes, distances, 1)
    return float(limit)


def _root(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T)
