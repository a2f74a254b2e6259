"""Trying grasps of an object: come, close, lift, shake, hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from framework.errors import UserError
from framework.sim.engine import mujoco
from framework.sim.fields import Field
from framework.sim.rotations import conjugate, matrix, product, turn
from framework.sim.world import World
from framework_grasp.arrays import Array, Flags, Ids
from framework_grasp.trials.hand import APPROACH, DAMPING, GRAVITY, GRIP, OPENING, PUSH, STIFFNESS

#: Why a grasp failed; "none" of one that did not.
FAILURES: Final = ("none", "miss", "slip", "collision", "crush", "diverged")
NONE, MISS, SLIP, COLLISION, CRUSH, DIVERGED = range(len(FAILURES))

#: How long the hand comes, closes, lifts, shakes and holds, s.
COME: Final = 0.3
CLOSE: Final = 0.3
LIFT: Final = 0.4
SHAKE: Final = 0.4
HOLD: Final = 0.2
#: How high it lifts, and how far it shakes to each side, m.
HEIGHT: Final = 0.20
SWING: Final = 0.02
#: Of shaking, first between the fingers and then along them, Hz.
SHAKES: Final = 5.0
#: How far from where it shall grasp a hand may be that comes freely, m.
_REACHED: Final = 0.005
#: A hand that cannot come presses on what is in its way: with more than this it crushes it, N.
_CRUSHING: Final = 40.0
#: Pads that are nearer to one another hold nothing, m.
_EMPTY: Final = 0.002
#: Controls change so often, s.
TICK: Final = 0.02


class Outcomes(NamedTuple):
    """How trials went.

    Attributes:
        success: whether the object was held in the end, `(n,)`.
        failure: index into `FAILURES`, `(n,)`.
        width: distance between the pads when they had closed, m; nan where they did not close, `(n,)`.
    """

    success: Flags
    failure: NDArray[np.int8]
    width: Array


def try_in(
    world: World, pose: ArrayLike, grasps: ArrayLike, watch: Callable[[], None] | None = None
) -> Outcomes:
    """Try grasps of an object in simulations of `hand.model_of` it, one each.

    Args:
        world: at least as many simulations as there are grasps; its object is as it was made.
        pose: position and rotation of the object in the scene, m and a quaternion, `(7,)`.
        grasps: `(n, 4)` or `(n, 6)`; see `scene`.
        watch: called every `TICK` seconds, until all have failed.

    Returns:
        Outcomes, `(n,)`.
    """
    return _Trial(world, np.asarray(pose, np.float64), checked(grasps), watch).run()


def checked(grasps: ArrayLike) -> Array:
    """Grasps as float64.

    Raises:
        UserError: they are not `(n, 4)` or `(n, 6)` finite numbers.
    """
    found = np.asarray(grasps, np.float64)
    if found.ndim != 2 or found.shape[1] not in (4, 6):
        raise UserError(f"grasps are (n, 4) or (n, 6): x, y, z, yaw (pitch, roll); these are {found.shape}")
    if not np.isfinite(found).all():
        raise UserError(f"grasp {int((~np.isfinite(found)).any(axis=1).argmax())} is not finite")
    return found


def quaternions(grasps: Array) -> Array:
    """Rotations of hands, `(n, 4)`: yaw about the vertical, pitch about the hand's y, roll about its x."""
    n = len(grasps)
    found = turn(grasps[:, 3], np.tile([0.0, 0.0, 1.0], (n, 1)))
    if grasps.shape[1] == 6:
        found = product(found, turn(grasps[:, 4], np.tile([0.0, 1.0, 0.0], (n, 1))))
        found = product(found, turn(grasps[:, 5], np.tile([1.0, 0.0, 0.0], (n, 1))))
    return found


class _Trial:
    def __init__(
        self, world: World, pose: Array, grasps: Array, watch: Callable[[], None] | None = None
    ) -> None:
        self.watch = watch
        self.world, self.batch, self.n = world, world.batch, len(grasps)
        if self.n > len(world):
            raise ValueError(f"{self.n} grasps do not fit in {len(world)} simulations")
        self.rotation = quaternions(grasps)
        self.up = matrix(self.rotation)[:, 2]  # of the scene, in the hand's frame
        self.failure = np.zeros(self.n, np.int8)
        self.width = np.full(self.n, np.nan)
        self.ids: Ids = np.arange(self.n)
        self.qpos, self.ctrl = self.batch.bind("qpos"), self.batch.bind("ctrl")
        self.qvel = self.batch.bind("qvel")
        self.ticks = max(1, round(TICK / self.batch.model.opt.timestep))
        self._place(pose, grasps)
        self.start = self._height()

    def run(self) -> Outcomes:
        self._move(np.array([0.0, 0.0, APPROACH]), np.zeros(3), COME)
        self._came()
        self.ctrl[self.ids, 3:] = GRIP
        self._move(np.zeros(3), np.zeros(3), CLOSE)
        self._closed()
        self._move(np.zeros(3), HEIGHT * self.up, LIFT)
        self._fail(self._height() - self.start[self.ids] < HEIGHT / 2, SLIP)
        self._shake()
        self._move(HEIGHT * self.up, HEIGHT * self.up, HOLD)
        self._fail((self._height() - self.start[self.ids] < 0.7 * HEIGHT) | (self._gap() < _EMPTY), SLIP)
        return Outcomes(self.failure == NONE, self.failure, self.width)

    def _place(self, pose: Array, grasps: Array) -> None:
        """Put object, table and gravity where they are seen from each hand."""
        rows, back = slice(self.n), conjugate(self.rotation)
        into = matrix(back)
        self.batch.reset(np.arange(self.n), stage=mujoco.mjtStage.mjSTAGE_NONE)
        self.qpos[rows, :5] = 0
        self.qpos[rows, 2] = APPROACH
        self.qpos[rows, 5:8] = np.einsum("nij,nj->ni", into, pose[:3] - grasps[:, :3])
        self.qpos[rows, 8:12] = product(back, np.broadcast_to(pose[3:], back.shape))
        self.qvel[rows] = 0
        self.ctrl[rows] = 0
        self.ctrl[rows, 2] = APPROACH
        self.batch.bind("mocap_pos")[rows, 0] = -np.einsum("nij,nj->ni", into, grasps[:, :3])
        self.batch.bind("mocap_quat")[rows, 0] = back
        self.world.fields.write(Field("opt.gravity"), -GRAVITY * self.up, np.arange(self.n))

    def _move(self, start: Array, end: Array, seconds: float) -> None:
        """Move hands smoothly along a line, `(3,)` or `(n, 3)` m in their own frames."""
        start, end = (np.broadcast_to(point, (self.n, 3)) for point in (start, end))
        count = round(seconds / TICK)
        for tick in range(1, count + 1):
            share = 0.5 - 0.5 * np.cos(np.pi * min(1.0, tick / (0.8 * count)))
            self._step(start + share * (end - start))

    def _shake(self) -> None:
        count = round(SHAKE / TICK)
        for tick in range(1, count + 1):
            offset = np.zeros(3)
            offset[1 if 2 * tick <= count else 0] = SWING * np.sin(2 * np.pi * SHAKES * tick * TICK)
            self._step(HEIGHT * self.up + offset)

    def _step(self, target: Array) -> None:
        if not len(self.ids):
            return
        self.ctrl[self.ids, :3] = target[self.ids]
        failed = self.world.step(self.ids, self.ticks)
        if failed is not None:
            self._fail(failed[self.ids], DIVERGED)
        if self.watch is not None:
            self.watch()

    def _came(self) -> None:
        off = self.qpos[self.ids, 2]
        push = np.minimum(STIFFNESS * off - DAMPING * self.qvel[self.ids, 2], PUSH)
        blocked = np.abs(self.qpos[self.ids, :3]).max(axis=1) > _REACHED
        crushed = blocked & (push > _CRUSHING)
        self.failure[self.ids[crushed]] = CRUSH
        self.failure[self.ids[blocked & ~crushed]] = COLLISION
        self.ids = self.ids[~blocked]

    def _closed(self) -> None:
        gap = self._gap()
        self.width[self.ids] = np.clip(gap, 0, OPENING)
        self._fail(gap < _EMPTY, MISS)

    def _fail(self, failed: Flags, why: int) -> None:
        self.failure[self.ids[failed]] = why
        self.ids = self.ids[~failed]

    def _gap(self) -> Array:
        return np.asarray(OPENING - self.qpos[self.ids, 3:5].sum(axis=1))

    def _height(self) -> Array:
        """Of objects, up to a constant of each."""
        return np.asarray(np.vecdot(self.up[self.ids], self.qpos[self.ids, 5:8]))
