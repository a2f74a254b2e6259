"""A table with one object on it, in as many simulations as grasps are tried at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from framework.errors import UserError
from framework.sim.engine import mujoco
from framework.sim.rotations import angle, matrix, product, turn
from framework.sim.world import World
from framework_grasp.arrays import Array
from framework_grasp.objects.resting import rests_of
from framework_grasp.objects.solid import Solid
from framework_grasp.trials.hand import OBJECT_GROUP, model_of
from framework_grasp.trials.physics import PHYSICS, Precision
from framework_grasp.trials.trial import Outcomes, checked, try_in

#: How long an object has to come to rest, and then to stay so, s.
_SETTLE = 0.5
_STAY = 0.3
#: How far it may move and turn while it stays, m and rad.
_DRIFT = 0.002
_TURN = 0.03
#: Where the hand waits meanwhile, m.
_AWAY = 1.0


class Bench:
    """Where an object rests, is looked at and is grasped.

    Args:
        solid: the object.
        count: number of simulations: the most grasps tried at once.
        friction: Coulomb's, of the object on pads and table.
        precision: how precisely trials are simulated.
        threads: native threads; 0 for one per core. Results do not depend on it.

    Raises:
        UserError: the object cannot be simulated.
    """

    def __init__(
        self, solid: Solid, count: int, friction: float, precision: Precision = "fine", threads: int = 1
    ) -> None:
        try:
            model = model_of(solid, friction, PHYSICS[precision])
        except ValueError as error:
            raise UserError(str(error)) from error
        self.solid = solid
        self.world = World(model, count, threads)
        self._centre = model.body_ipos[model.body("object").id].copy()

    def rest(self, random: np.random.Generator, tries: int = 4) -> Array | None:
        """Let the object come to rest.

        Args:
            random: draws how it lies, likely ways more often, and how it is turned.
            tries: so many ways at once, at most as many as there are simulations.

        Returns:
            Its pose, `(7,)`: position, with x and y of its origin 0, and quaternion. None if it did not
            stay where it was in any of the ways.
        """
        tries = min(tries, len(self.world))
        rests = rests_of(self.solid.points, self._centre)
        drawn = random.choice(len(rests.likelihood), tries, p=rests.likelihood)
        yaw = turn(random.uniform(-np.pi, np.pi, tries), np.tile([0.0, 0.0, 1.0], (tries, 1)))
        start = np.zeros((tries, 7))
        start[:, 2] = rests.height[drawn] + 0.001
        start[:, 3:] = product(yaw, rests.quaternion[drawn])
        self.put(start)
        timestep, ids = self.world.batch.model.opt.timestep, np.arange(tries)
        self.world.step(ids, round(_SETTLE / timestep))
        before = self._poses(tries)
        failed = self.world.step(ids, round(_STAY / timestep))
        after = self._poses(tries)
        still = np.linalg.norm(after[:, :3] - before[:, :3], axis=1) < _DRIFT
        still &= angle(after[:, 3:], before[:, 3:], shortest=True) < _TURN
        still &= np.isfinite(after).all(axis=1) & (np.abs(after[:, :2]) < 1).all(axis=1)
        if failed is not None:
            still &= ~failed[:tries]
        if not still.any():
            return None
        pose = after[int(still.argmax())]
        pose[3:] /= np.linalg.norm(pose[3:])
        pose[:2] = 0
        return np.asarray(pose)

    def put(self, poses: ArrayLike) -> None:
        """Lay the object down in the first simulations, the hand being away: `(n, 7)`, or `(7,)` for one."""
        poses = np.atleast_2d(np.asarray(poses, np.float64))
        batch, ids = self.world.batch, np.arange(len(poses))
        batch.reset(ids, stage=mujoco.mjtStage.mjSTAGE_NONE)
        qpos, ctrl = batch.bind("qpos"), batch.bind("ctrl")
        qpos[ids, :5] = 0
        qpos[ids, 2] = _AWAY
        qpos[ids, 5:] = poses
        ctrl[ids] = 0
        ctrl[ids, 2] = _AWAY

    def points(self) -> Array:
        """Points on the surface of the object where it was put in the first simulation, `(n, 3)` m."""
        pose = self.world.batch.bind("qpos")[0, 5:]
        return np.asarray(self.solid.points @ matrix(pose[3:]).T + pose[:3])

    def rays(self, origins: ArrayLike, directions: ArrayLike) -> tuple[Array, Array]:
        """What rays meet of the object where it was put in the first simulation.

        Args:
            origins: m, `(n, 3)` or broadcast to it.
            directions: unit vectors, likewise.

        Returns:
            Distances, m, `(n,)`, nan where the object is not met; and the outward normals there, `(n, 3)`.
        """
        seen = np.arange(mujoco.mjNGROUP) == OBJECT_GROUP
        distance, geom, normal = self.world.batch.ray(
            origins, directions, seen, ids=np.zeros(1, np.int32), normal=True
        )
        return np.where(geom[0] < 0, np.nan, distance[0]), normal[0]

    def try_grasps(
        self, pose: ArrayLike, grasps: ArrayLike, watch: Callable[[], None] | None = None
    ) -> Outcomes:
        """Try grasps of the object in a pose, `(7,)`: see `try_grasps`; `watch` is called often meanwhile."""
        grasps = checked(grasps)
        size = len(self.world)
        if not len(grasps):
            return Outcomes(np.empty(0, np.bool_), np.empty(0, np.int8), np.empty(0))
        tried = [try_in(self.world, pose, grasps[i : i + size], watch) for i in range(0, len(grasps), size)]
        return Outcomes(*(np.concatenate(each) for each in zip(*tried, strict=True)))

    def _poses(self, count: int) -> Array:
        return np.array(self.world.batch.bind("qpos")[:count, 5:])


def try_grasps(
    solid: Solid,
    pose: ArrayLike,
    grasps: ArrayLike,
    *,
    friction: float = 0.8,
    precision: Precision = "fine",
    threads: int = 1,
) -> Outcomes:
    """Try grasps of an object on a table, one simulation each.

    Args:
        solid: the object.
        pose: its position and rotation in the scene, m and a quaternion, `(7,)`; it has to rest there.
        grasps: `(n, 4)` or `(n, 6)`; see `scene`.
        friction: Coulomb's, of the object on pads and table.
        precision: `fine` to evaluate, `coarse` to label a lot.
        threads: native threads; 0 for one per core. Results do not depend on it.

    Returns:
        Outcomes, `(n,)`.

    Raises:
        UserError: the object cannot be simulated, or the grasps are not such numbers.
    """
    grasps = checked(grasps)
    return Bench(solid, max(1, len(grasps)), friction, precision, threads).try_grasps(pose, grasps)
