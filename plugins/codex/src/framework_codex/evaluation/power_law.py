"""Loss as a power of model size (section 3.2; Kaplan et al. 2020, equation 1.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PowerLaw:
    """L(N) = floor + (N / scale) ** -alpha.

    Attributes:
        alpha: the exponent.
        scale: N_c, in parameters.
        floor: loss that no size removes.
        r2: share of the variance of ln L it explains.
    """

    alpha: float
    scale: float
    floor: float
    r2: float

    def __call__(self, parameters: ArrayLike) -> Floats:
        return np.asarray(self.floor + (np.asarray(parameters) / self.scale) ** -self.alpha)


def fit_power_law(parameters: ArrayLike, loss: ArrayLike) -> PowerLaw:
    """Least squares of ln L against ln N, without a floor.

    Args:
        parameters: `(m,)`, N of at least two sizes.
        loss: `(m,)`, above 0.
    """
    n, y = np.asarray(parameters, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    slope, intercept = np.polyfit(np.log(n), np.log(y), 1)
    scale = np.exp(-intercept / slope) if slope else np.inf
    return _judged(-slope, scale, 0.0, n, y)


def fit_with_floor(parameters: ArrayLike, loss: ArrayLike) -> PowerLaw:
    """Least squares of the relative error, with a floor of 0 or more.

    Given the exponent the rest is linear, so that a search over the exponent alone finds the
    best fit.

    Args:
        parameters: `(m,)`, N of at least four sizes.
        loss: `(m,)`, above 0.
    """
    n, y = np.asarray(parameters, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    unit = np.exp(np.log(n).mean())  # keeps the powers near 1
    candidates = np.geomspace(0.005, 4, 400)
    for _ in range(4):
        errors = [_floor_and_factor(alpha, n / unit, y)[2] for alpha in candidates]
        best = int(np.argmin(errors))
        alpha = float(candidates[best])
        low, high = candidates[max(best - 1, 0)], candidates[min(best + 1, len(candidates) - 1)]
        candidates = np.linspace(low, high, 50)
    floor, factor, _ = _floor_and_factor(alpha, n / unit, y)
    return _judged(alpha, unit * factor ** (1 / alpha), floor, n, y)


def _floor_and_factor(alpha: float, n: Floats, y: Floats) -> tuple[float, float, float]:
    """The best floor and factor of n ** -alpha, and the squared relative error."""
    columns = np.stack([np.ones_like(n), n**-alpha], axis=1) / y[:, None]
    (floor, factor), *_ = np.linalg.lstsq(columns, np.ones_like(y), rcond=None)
    if floor < 0:
        floor, factor = 0.0, columns[:, 1].sum() / (columns[:, 1] ** 2).sum()
    error = ((columns @ [floor, factor] - 1) ** 2).sum()
    return float(floor), float(factor), float(error) if factor > 0 else np.inf


def _judged(alpha: float, scale: float, floor: float, n: Floats, y: Floats) -> PowerLaw:
    law = PowerLaw(float(alpha), float(scale), floor, np.nan)
    residual, total = np.log(y) - np.log(law(n)), np.log(y) - np.log(y).mean()
    r2 = 1 - (residual**2).sum() / (total**2).sum() if total.any() else np.nan
    return PowerLaw(law.alpha, law.scale, law.floor, float(r2))
