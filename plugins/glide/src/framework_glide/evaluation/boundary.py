"""Does a filled hole join what surrounds it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def boundary_error(
    filled: NDArray[np.uint8], real: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """How far the steps across a mask's edge are from those in the real picture: `(n,)`, in levels of 255.

    Over the pairs of neighbours, side by side or one above the other, of which one is known and the
    other was filled: the mean of the difference between |p - q| there and in the real picture, |.| being
    the root mean square over the colours. A seam shows as steps the real picture has not, a blur across
    an object's outline as steps that are missing. NaN where the mask has no edge.

    Args:
        filled: `(n, h, w, 3)`.
        real: of the same shape.
        mask: `(n, h, w)`, true where the picture was known.
    """
    if filled.shape != real.shape or mask.shape != filled.shape[:3]:
        raise ValueError(f"shapes do not fit: {filled.shape}, {real.shape}, mask {mask.shape}")
    total = np.zeros(len(filled))
    pairs = np.zeros(len(filled))
    for axis in (1, 2):
        edge = np.diff(mask.astype(np.int8), axis=axis) != 0
        error = np.abs(_steps(filled, axis) - _steps(real, axis))
        total += np.where(edge, error, 0).sum(axis=(1, 2))
        pairs += edge.sum(axis=(1, 2))
    return np.asarray(np.divide(total, pairs, out=np.full(len(filled), np.nan), where=pairs > 0))


def _steps(pictures: NDArray[np.uint8], axis: int) -> NDArray[np.float64]:
    return np.asarray(np.sqrt(np.square(np.diff(pictures.astype(np.float64), axis=axis)).mean(axis=-1)))
