"""Whether a surface of triangles intersects itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from framework_grasp.arrays import Array, Flags

#: So many triangles are looked at, in steps through all of them: enough to notice, and a second's work.
_MOST = 1500


def intersects_itself(corners: Array, faces: NDArray[np.int64]) -> bool:
    """Whether an edge goes through a triangle that it does not belong to.

    Of surfaces with many triangles, some edges are tested against all.

    Args:
        corners: `(n, 3)`.
        faces: indices of corners, `(m, 3)`.
    """
    edges = np.unique(
        np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1), axis=0
    )
    edges = edges[:: 1 + len(edges) // _MOST]
    low, high = corners[faces].min(axis=1), corners[faces].max(axis=1)
    for a, b in edges:
        start, end = corners[a], corners[b]
        near = ((low <= np.maximum(start, end)) & (high >= np.minimum(start, end))).all(axis=1)
        near &= ~np.isin(faces, (a, b)).any(axis=1)
        if near.any() and _crosses(start, end, corners[faces[near]]).any():
            return True
    return False


def _crosses(start: Array, end: Array, triangles: Array) -> Flags:
    """Whether a segment goes through triangles `(k, 3, 3)`, inside of their edges (Möller and Trumbore)."""
    origin, direction = triangles[:, 0], end - start
    one, two = triangles[:, 1] - origin, triangles[:, 2] - origin
    across = np.cross(direction, two)
    scale = np.vecdot(one, across)
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = start - origin
        u = np.vecdot(offset, across) / scale
        turned = np.cross(offset, one)
        v = np.vecdot(direction, turned) / scale
        t = np.vecdot(two, turned) / scale
    margin = 1e-6
    inside = (u > margin) & (v > margin) & (u + v < 1 - margin) & (t > margin) & (t < 1 - margin)
    return np.asarray(inside & (np.abs(scale) > 0))
