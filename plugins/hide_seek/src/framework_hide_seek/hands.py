"""Grabbing and locking: what agents do to the boxes and ramps in their reach."""

from __future__ import annotations

import numpy as np

from framework.sim import Flags, Floats, Ids, World
from framework_hide_seek.scene import AXES, Scene

#: How far from the centre of an agent a box or ramp may be to be grabbed or locked; m.
REACH = 0.25


class Hands:
    """Who holds and who locked what, in every simulation.

    Both need the thing in reach and seen in the step before. An agent that grabs is welded to the
    nearest such thing, and holds it for as long as it goes on grabbing. A lock holds a thing where
    it is for as long as its owners let it:

    - It belongs to the team of whoever locked it last; before anybody did, to the hiders.
    - Of that team, all in reach have to want it: whoever does not, unlocks it, or keeps it unlocked.
    - If nobody of them objects, whoever wants it in reach of an unlocked thing locks it, of any team.

    Args:
        world: the simulations.
        scene: what is in them.
        hides: which agents hide, `(agents)`; the others are the other team.
        lockable: which boxes and ramps can be locked at first, `(objects)`.

    Attributes:
        lockable: what can be locked if it is not, `(num_envs, objects)`, which may change.
        held: what each agent holds, `(num_envs, agents)`: its number among boxes and ramps; -1 for nothing.
        locked: what is locked, `(num_envs, objects)`.
        locker: who locked each thing last, `(num_envs, objects)`; -1 for nobody.
    """

    def __init__(self, world: World, scene: Scene, hides: Flags, lockable: Flags) -> None:
        n, agents, objects = len(world), scene.agents, scene.bodies - scene.agents
        self.scene, self.hides = scene, hides
        self.lockable = world.remember("lockable", np.tile(lockable, (n, 1)))
        self.held = world.remember("held", np.full((n, agents), -1, np.int64))
        self.locked = world.remember("locked", np.zeros((n, objects), np.bool_))
        self.locker = world.remember("locker", np.full((n, objects), -1, np.int64))
        batch, model = world.batch, world.batch.model
        self._bodies = np.arange(model.nbody - objects, model.nbody)
        self._welded, self._pose = batch.expand("eq_obj2id"), batch.expand("eq_data")
        self._active = batch.bind("eq_active")
        joints = (n, scene.bodies, AXES)
        self._limited = batch.expand("jnt_limited").reshape(joints)[:, agents:]
        self._range = batch.expand("jnt_range").reshape(*joints, 2)[:, agents:]

    def reset(self, ids: Ids) -> None:
        """Let go of and unlock everything in simulations `ids`."""
        self.held[ids], self.locked[ids], self.locker[ids] = -1, False, -1
        self._active[ids] = 0.0
        self._limited[ids] = False

    def act(self, ids: Ids, qpos: Floats, reach: Flags, distance: Floats, grab: Flags, lock: Flags) -> None:
        """Grab, let go, lock and unlock.

        Args:
            ids: the simulations, `(k)`.
            qpos: of all bodies in them, `(k, bodies, 4)`.
            reach: what agents that may act can reach and see, `(k, agents, objects)`.
            distance: of things from agents, likewise; m.
            grab: who wants to hold something, `(k, agents)`.
            lock: who wants things to be locked, `(k, agents)`.
        """
        self._grab(ids, qpos, reach, distance, grab)
        self._lock(ids, qpos[:, self.scene.agents :], reach & self.lockable[ids][:, None], lock)

    def _grab(self, ids: Ids, qpos: Floats, reach: Flags, distance: Floats, grab: Flags) -> None:
        held = self.held[ids]
        row, agent = np.nonzero((held >= 0) & ~grab)
        self._active[ids[row], agent] = 0.0
        self.held[ids[row], agent] = -1
        row, agent = np.nonzero((held < 0) & grab & reach.any(axis=2))
        if not len(row):
            return
        thing = np.where(reach[row, agent], distance[row, agent], np.inf).argmin(axis=1)
        env = ids[row]
        self.held[env, agent] = thing
        self._welded[env, agent] = self._bodies[thing]
        self._pose[env, agent, 3:10] = _pose(qpos[row, agent], qpos[row, self.scene.agents + thing])
        self._active[env, agent] = 1.0

    def _lock(self, ids: Ids, qpos: Floats, reach: Flags, lock: Flags) -> None:
        locked, locker = self.locked[ids], self.locker[ids]
        owners = np.where(locker < 0, True, self.hides[locker])
        wanted = reach & lock[..., None]
        refused = (reach & ~lock[..., None] & (self.hides[:, None] == owners[:, None])).any(axis=1)
        row, thing = np.nonzero(locked & refused)
        self.locked[ids[row], thing] = False
        self._limited[ids[row], thing] = False
        row, thing = np.nonzero(~locked & wanted.any(axis=1) & ~refused)
        env = ids[row]
        self.locked[env, thing] = True
        self.locker[env, thing] = wanted[row, :, thing].argmax(axis=1)
        self._limited[env, thing] = True
        self._range[env, thing] = qpos[row, thing, :, None]


def distances(points: Floats, things: Floats, half: Floats) -> Floats:
    """From points to cuboids, `(k, points, things)`; m.

    Args:
        points: `(k, points, 3)`; m.
        things: position and turn of the cuboids, `(k, things, 4)`; m, rad.
        half: half their sides, `(k, things, 3)`; m.
    """
    away = points[:, :, None] - things[:, None, :, :3]
    cos, sin = np.cos(things[:, None, :, 3]), np.sin(things[:, None, :, 3])
    gap = np.empty(away.shape)
    gap[..., 0] = cos * away[..., 0] + sin * away[..., 1]
    gap[..., 1] = cos * away[..., 1] - sin * away[..., 0]
    gap[..., 2] = away[..., 2]
    gap = np.maximum(np.abs(gap) - half[:, None], 0.0)
    return np.asarray(np.sqrt(np.einsum("...i,...i", gap, gap)))


def _pose(one: Floats, other: Floats) -> Floats:
    """Of the other as the one sees it: position and quaternion, `(m, 7)`."""
    cos, sin = np.cos(one[:, 3]), np.sin(one[:, 3])
    away, half_turn = other - one, (other[:, 3] - one[:, 3]) / 2
    pose = np.zeros((len(one), 7))
    pose[:, 0] = cos * away[:, 0] + sin * away[:, 1]
    pose[:, 1] = cos * away[:, 1] - sin * away[:, 0]
    pose[:, 2] = away[:, 2]
    pose[:, 3], pose[:, 6] = np.cos(half_turn), np.sin(half_turn)
    return pose
