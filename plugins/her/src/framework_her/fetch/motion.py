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
        self._cdof = batch.bind("cdof")

    def __call__(self, rows: Rows, velocity: Array) -> tuple[Array, Array, Array]:
        """Positions and velocities of the sites in some environments.

        Args:
            rows: which environments, `k` of them.
            velocity: their generalised velocities, `(k, nv)`, in any unit of time.

        Returns:
            Positions, linear and angular velocities, each `(k, sites, 3)`; metres, radians, and
            the unit of time of `velocity`.
        """
        points = self._site_xpos[rows].take(self._sites, axis=1)
        twist = (velocity[:, None] * self._moves) @ self._cdof[rows]
        angular = twist[..., :3]
        arm = points - self._com[rows].take(self._roots, axis=1)
        return points, twist[..., 3:] + _cross(angular, arm), angular


def _ancestors(model: Any, body: int) -> NDArray[np.bool_]:
    moves = np.zeros(model.nv, np.bool_)
    while body > 0:
        start, count = model.body_dofadr[body], model.body_dofnum[body]
        if count:
            moves[start : start + count] = True
        body = model.body_parentid[body]
    return moves


_NEXT, _AFTER = np.array([1, 2, 0]), np.array([2, 0, 1])


def _cross(a: Array, b: Array) -> Array:
    # numpy.cross takes several times as long on a few vectors.
    product = a.take(_NEXT, axis=-1) * b.take(_AFTER, axis=-1)
    product -= a.take(_AFTER, axis=-1) * b.take(_NEXT, axis=-1)
    return np.asarray(product)
