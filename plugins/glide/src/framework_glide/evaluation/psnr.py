"""Peak signal-to-noise ratio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def psnr(pictures: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[np.float64]:
    """10 log10(255^2 / mean squared error) of each picture: `(n,)`, in dB; infinite where equal.

    Args:
        pictures: `(n, h, w, 3)`.
        reference: of the same shape.
    """
    if pictures.shape != reference.shape:
        raise ValueError(f"pictures of shape {pictures.shape} cannot be compared with {reference.shape}")
    squares = np.square(pictures.astype(np.float64) - reference).mean(axis=(1, 2, 3))
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(255.0**2 / squares))


def mean_psnr(pictures: NDArray[np.uint8], reference: NDArray[np.uint8], highest: float = 100.0) -> float:
    """The mean over pictures, in dB, each counted as `highest` at most so that equal ones have a number."""
    return float(np.minimum(psnr(pictures, reference), highest).mean())
