"""Velocities of points and rotations of bodies, batched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim import Rows

Array = NDArray[np.float64]


class PointMotion:
    """Positions and velocities of sites, from the state's velocities and the motion axes.

    The velocities are those of `mj_jacSite` times `qvel`. A velocity sensor would differ
    where positions are one substep older than velocities, as after a bare `mj_step`.

    Args:
        batch: the `mujoco.batch.Batch`.
        sites: their names.
    """

    def __init__(self, batch: Any, sites: Sequence[str]) -> None:
        model = batch.model
        ids = np.array([model.site(name).id for name in sites])
        bodies = model.site_bodyid[ids]
        self._sites = ids
        self._roots = model.body_rootid[bodies]
        # Whether a degree of freedom moves a site: (sites, nv).
        self._moves = np.stack([_ancestors(model, body) for body in bodies]).astype(np.float64)
        self._site_xpos, self._com = batch.bind("site_xpos"), batch.bind("subtree_com")
        self._cdof, self._qvel = batch.bind("cdof"), batch.bind("qvel")

    def __call__(self, rows: Rows) -> tuple[Array, Array, Array]:
        """Return positions, linear and angular velocities, each `(k, sites, 3)`; m, m/s, rad/s."""
        points = self._site_xpos[rows][:, self._sites]
        velocity = (self._qvel[rows][:, None, :] * self._moves) @ self._cdof[rows]
        angular, at_com = velocity[..., :3], velocity[..., 3:]
        return points, at_com + _cross(angular, points - self._com[rows][:, self._roots]), angular


def _ancestors(model: Any, body: int) -> NDArray[np.bool_]:
    moves = np.zeros(model.nv, np.bool_)
    while body > 0:
        start, count = model.body_dofadr[body], model.body_dofnum[body]
        if count:
            moves[start : start + count] = True
        body = model.body_parentid[body]
    return moves


def _cross(a: Array, b: Array) -> Array:
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def euler_angles(matrices: Array) -> Array:
    """Rotation matrices, `(k, 9)` row by row, as angles about x, y, z, `(k, 3)`; rad.

    The first two angles are about axes that turn along, and signs are those of the published
    observations. Where the second is a right angle the first is set to 0.
    """
    m = matrices.reshape(-1, 3, 3)
    cosine = np.hypot(m[:, 2, 2], m[:, 1, 2])
    sines = np.stack([-m[:, 1, 2], m[:, 0, 2], -m[:, 0, 1]], axis=1)
    cosines = np.stack([m[:, 2, 2], cosine, m[:, 0, 0]], axis=1)
    locked = cosine <= 4 * np.finfo(np.float64).eps
    if locked.any():
        sines[locked, 0], cosines[locked, 0] = 0.0, 1.0
        sines[locked, 2], cosines[locked, 2] = m[locked, 1, 0], m[locked, 1, 1]
    return np.asarray(np.arctan2(sines, cosines))
