"""Seeing by rays, without OpenGL: lidar, lines of sight, depth and segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from framework.errors import UserError
from framework.sim.arrays import Flags, Floats, Ids
from framework.sim.engine import mujoco
from framework.sim.world import World


class Hits(NamedTuple):
    """What rays meet first.

    Attributes:
        distance: in lengths of the rays' directions; `far` where nothing is nearer.
        geom: index of the geom; -1 where nothing is nearer than `far`.
    """

    distance: Floats
    geom: NDArray[np.int32]


def cast(
    world: World,
    origins: ArrayLike,
    directions: ArrayLike,
    *,
    ids: Ids | None = None,
    far: float = np.inf,
    groups: Sequence[int] | None = None,
    static: bool = True,
    exclude: ArrayLike = -1,
) -> Hits:
    """Cast rays in the present states of simulations.

    Args:
        world: the simulations.
        origins: m, broadcast to `(k, rays, 3)`.
        directions: of any length, likewise.
        ids: which `k` simulations, in rising order; all by default.
        far: how far rays go.
        groups: geom groups that are seen; all by default.
        static: whether geoms of the world body are seen.
        exclude: body that a ray passes through, such as the seeing one, broadcast to `(k, rays)`;
            -1 for none.

    Returns:
        Hits, `(k, rays)`.
    """
    world.fields.settle()
    seen = None if groups is None else np.isin(np.arange(mujoco.mjNGROUP), groups)
    distance, geom = world.batch.ray(origins, directions, seen, static, exclude, ids)
    missed = (geom < 0) | (distance > far)
    distance[missed], geom[missed] = far, -1
    return Hits(distance, geom)


def visible(
    world: World,
    origins: ArrayLike,
    targets: ArrayLike,
    *,
    viewers: ArrayLike,
    bodies: ArrayLike,
    ids: Ids | None = None,
    groups: Sequence[int] | None = None,
) -> Flags:
    """Whether nothing is between points, but for the bodies that they belong to.

    Args:
        world: the simulations.
        origins: points, m, broadcast to `(k, rays, 3)`.
        targets: likewise.
        viewers: bodies of the origins, broadcast to `(k, rays)`; -1 for none.
        bodies: bodies of the targets, likewise.
        ids: which `k` simulations, in rising order; all by default.
        groups: geom groups that hide; all by default.

    Returns:
        `(k, rays)`.
    """
    between = np.asarray(targets, np.float64) - np.asarray(origins, np.float64)
    hits = cast(world, origins, between, ids=ids, far=1.0, groups=groups, exclude=viewers)
    return arrived(world, hits, bodies)


def arrived(world: World, hits: Hits, bodies: ArrayLike) -> Flags:
    """Whether rays got to the ends of their directions, or met the bodies there: one cast for several uses.

    Args:
        world: the simulations.
        hits: of rays from points to other points, `(k, rays)`.
        bodies: bodies of the other points, broadcast to `(k, rays)`; -1 for none.
    """
    return np.asarray((hits.distance >= 1.0) | (world.batch.model.geom_bodyid[hits.geom] == bodies))


def fan(count: int, angle: float = 2 * np.pi, start: float = 0.0) -> Floats:
    """Horizontal unit directions of a lidar, `(count, 3)`.

    Args:
        count: how many.
        angle: between the first and the last; rad. A whole turn does not repeat the first.
        start: of the first from the x axis towards y; rad.
    """
    turn = start + np.linspace(0, angle, count, endpoint=angle < 2 * np.pi)
    return np.stack([np.cos(turn), np.sin(turn), np.zeros(count)], axis=-1)


def turned(directions: ArrayLike, matrices: ArrayLike) -> Floats:
    """Directions `(rays, 3)` in frames of matrices `(k, 9)`, as `xmat` has them: `(k, rays, 3)`."""
    frames = np.asarray(matrices, np.float64).reshape(-1, 3, 3)
    return np.asarray(directions, np.float64) @ frames.transpose(0, 2, 1)


class DepthCamera:
    """Depth and segmentation as one of the model's cameras sees them, a ray for each pixel.

    The camera is where it was last computed (see the `stage` of `World.step`), with its
    simulation's own pose and field of view. Build it before the world is first stepped.

    Args:
        world: the simulations.
        camera: its name in the model.
        size: height and width, in pixels.
        far: how far it sees; m.
        groups: geom groups that it sees; all by default. Few simple geoms are fast.

    Raises:
        UserError: no such camera, or no perspective one.
    """

    def __init__(
        self,
        world: World,
        camera: str,
        size: tuple[int, int],
        far: float = np.inf,
        groups: Sequence[int] | None = None,
    ) -> None:
        model = world.batch.model
        self.id = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, camera)
        if self.id < 0:
            names = ", ".join(model.camera(i).name for i in range(model.ncam)) or "none"
            raise UserError(f"the model has no camera {camera!r}\n  there are: {names}")
        if model.cam_projection[self.id] or model.cam_sensorsize[self.id].any():
            raise UserError(f"camera {camera!r} is orthographic or has intrinsics; give it a fovy only")
        self.world, self.size, self.far, self.groups = world, size, far, groups
        self._position, self._matrix = world.batch.bind("cam_xpos"), world.batch.bind("cam_xmat")
        height, width = size
        y, x = (np.arange(n - 1, -n, -2) / height for n in size)
        # One ahead, so that lengths of directions are depths.
        self._pixels = np.stack([np.tile(-x, height), np.repeat(y, width), -np.ones(height * width)], axis=-1)

    def __call__(self, ids: Ids | None = None) -> Hits:
        """Look: depths along the camera's axis, m, and geoms, each `(k, height, width)`.

        Rows come from above, as in a rendered frame.
        """
        rows = slice(None) if ids is None else ids
        fovy = self.world.batch.expanded("cam_fovy")
        fovy = self.world.batch.model.cam_fovy[None] if fovy is None else fovy[rows]
        tangent = np.tan(np.radians(fovy[:, self.id]) / 2)
        frames = self._matrix[rows, self.id].reshape(-1, 3, 3)
        frames = frames * np.stack([tangent, tangent, np.ones_like(tangent)], axis=-1)[:, None]
        directions = turned(self._pixels, frames)
        origins = self._position[rows, self.id, None]
        hits = cast(self.world, origins, directions, ids=ids, far=self.far, groups=self.groups)
        return Hits(hits.distance.reshape(-1, *self.size), hits.geom.reshape(-1, *self.size))
