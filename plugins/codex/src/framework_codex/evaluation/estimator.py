"""pass@k and its confidence interval (section 2.1)."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def pass_at_k(n: ArrayLike, c: ArrayLike, k: ArrayLike) -> Floats:
    """Probability that at least one of k samples passes, without bias (equation 1).

    1 - C(n-c, k) / C(n, k), as the product over i = n-c+1 ... n of 1 - k/i, in logarithms, so
    that neither large binomials nor a tiny probability lose digits.

    Args:
        n: samples drawn of a problem.
        c: how many of them passed.
        k: how many one may try, at most n. The three are broadcast against each other.

    Returns:
        The estimate for each problem, of the broadcast shape.

    Raises:
        ValueError: k is below 1 or above n, or c is not in 0 ... n.
    """
    n, c, k = np.broadcast_arrays(*(np.asarray(value, dtype=np.int64) for value in (n, c, k)))
    if ((k < 1) | (k > n)).any():
        raise ValueError(f"pass@k needs 1 <= k <= n, not k={k.tolist()} with n={n.tolist()}")
    if ((c < 0) | (c > n)).any():
        raise ValueError(f"of n={n.tolist()} samples c={c.tolist()} cannot have passed")
    terms = np.arange(int(c.max(initial=0)))
    i = n[..., None] - terms
    # Where k reaches i every draw of k holds a passing sample, and the logarithm would be that of 0.
    inside = (terms < c[..., None]) & (i > k[..., None])
    logs = np.log1p(np.where(inside, -k[..., None] / np.where(inside, i, 1), 0.0))
    # Adding 0 makes -0 plain 0.
    return np.where(n - c < k, 1.0, -np.expm1(logs.sum(axis=-1))) + 0.0


def rate_interval(values: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """As `confidence_interval`, for values between 0 and 1, such as pass@k.

    Where all are 0 or all are 1 there is nothing to resample, and still the rate may be another:
    the end that is left open is the rate at which so many problems without exception are just
    as unlikely as the confidence asks (Clopper and Pearson 1934).
    """
    values = np.asarray(values, dtype=np.float64)
    low, high = confidence_interval(values, confidence)
    reach = 1 - ((1 - confidence) / 2) ** (1 / len(values))
    high = np.where((values == 0).all(axis=0), reach, high)
    return np.where((values == 1).all(axis=0), 1 - reach, low), high


def confidence_interval(
    values: ArrayLike, confidence: float = 0.95, resamples: int = 4000, seed: int = 0
) -> tuple[Floats, Floats]:
    """Bias-corrected and accelerated bootstrap interval of a mean over problems (Efron 1987).

    Problems alone are resampled. The value of each is already scattered by its finite number of
    samples, so that resampling samples within problems too would count that scatter twice.

    Args:
        values: `(problems, ...)`, one value per problem, such as its pass@k; what stands
            behind the first axis is resampled together.
        confidence: of the interval, between 0 and 1.
        resamples: how many.
        seed: of the draws; the same values give the same interval.

    Returns:
        Both ends, shaped like one problem's value. With equal values, or one problem, both are
        the mean: the data then tell nothing about the spread.
    """
    values = np.asarray(values, dtype=np.float64)
    problems, shape = len(values), values.shape[1:]
    flat = values.reshape(problems, -1)
    mean = flat.mean(axis=0)
    weights = np.random.default_rng(seed).multinomial(problems, np.full(problems, 1 / problems), resamples)
    means = np.sort(weights @ flat / problems, axis=0)
    ends = np.array([_bca(means[:, j], flat[:, j], confidence) for j in range(flat.shape[1])])
    ends = np.where(np.ptp(flat, axis=0)[:, None] > 0, ends.reshape(-1, 2), mean[:, None])
    return ends[:, 0].reshape(shape), ends[:, 1].reshape(shape)


def _bca(means: Floats, values: Floats, confidence: float) -> tuple[float, float]:
    """Percentiles of the sorted resampled means, shifted for their bias and skewness."""
    normal, mean = NormalDist(), values.mean()
    below = (np.count_nonzero(means < mean) + np.count_nonzero(means <= mean)) / (2 * len(means))
    if not 0 < below < 1:
        return float(mean), float(mean)
    bias = normal.inv_cdf(below)
    # Leaving a value out moves the mean against that value: the jackknife in closed form.
    spread = values - mean
    acceleration = (spread**3).sum() / (6 * max((spread**2).sum() ** 1.5, np.finfo(float).tiny))
    levels = []
    for tail in ((1 - confidence) / 2, (1 + confidence) / 2):
        z = bias + normal.inv_cdf(tail)
        levels.append(normal.cdf(bias + z / (1 - acceleration * z)))
    low, high = np.quantile(means, levels)
    return float(low), float(high)
