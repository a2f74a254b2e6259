"""The hand and what lies in it: models, and states in which the object is at rest."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.sim import Ids, Streams, World
from framework.sim.engine import mujoco
from framework.sim.rotations import Array
from framework.sim.shadow_hand import HINGES, hand_spec
from framework_dex_hand.goals import Goals

#: Where the object's position and rotation are in `qpos`, and its velocities in `qvel`.
PLACE, TURNED, MOTION = slice(HINGES, HINGES + 3), slice(HINGES + 3, HINGES + 7), slice(HINGES, HINGES + 6)
#: Where the object is dropped onto the palm, which is at 0.14; m.
ABOVE = np.array([1.0, 0.87, 0.2])
#: Standard deviation of that, sideways; m.
SPREAD = 0.005
#: How long the object comes to rest, and how low it may lie then; s, m.
RESTING, LOWEST = 0.8, 0.12
#: How often objects that fell from the palm are put there anew.
TRIES = 20
#: Half the edge of the block, and the sphere's radius; m.
HALF = 0.025
#: Radius of the circle in the prism's octagon, and half its height; m.
INSIDE, TALL = 0.02, 0.03


@cache
def build(thing: str, timestep: float) -> Any:
    """The `MjModel` of a hand with an object, and one to show goals that touches nothing.

    The object is joint "object:joint" of body "object". It is as dense as the published block.

    Args:
        thing: "block", "prism" or "sphere".
        timestep: of the physics; s.
    """
    spec = hand_spec("manipulate_block.xml")
    spec.option.timestep = timestep
    spec.delete(spec.joint("target:joint"))
    spec.delete(spec.geom("object_hidden"))
    if thing == "prism":
        spec.add_mesh(name="prism", uservert=octagon().ravel())
    for name in ("object", "target"):
        geom = spec.geom(name)
        if thing == "sphere":
            geom.type, geom.size = mujoco.mjtGeom.mjGEOM_SPHERE, [HALF, 0.0, 0.0]
        elif thing == "prism":
            geom.type, geom.meshname = mujoco.mjtGeom.mjGEOM_MESH, "prism"
    # Its centre of mass may differ between simulations.
    spec.body("object").simple = 0
    return spec.compile()


def octagon() -> Array:
    """Corners of the prism `(16, 3)`, whose axis is z, and of which one side faces x; m."""
    angle = np.pi / 8 + np.arange(8) * np.pi / 4
    ring = INSIDE / np.cos(np.pi / 8) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.concatenate([np.insert(ring, 2, z, axis=1) for z in (-TALL, TALL)])


@cache
def resting(thing: str, goal: str, timestep: float, count: int) -> NDArray[np.float64]:
    """States in which an object lies in the palm, turned as goals are; see `settled`."""
    goals = Goals(thing, goal)
    return settled(build(thing, timestep), count, goals.anywhere)


def settled(model: Any, count: int, turned: Callable[[Streams, Ids], Array]) -> NDArray[np.float64]:
    """States in which the object lies in a palm whose joints are in the middle of their ranges.

    Args:
        model: an `MjModel` whose joints are those of the hand, then the object's, then any others, which
            are left where they come to rest.
        count: of states.
        turned: draws how objects are turned as they are put there, `(k, 4)`.

    Returns:
        `(count, state)`, rows for `Batch.state`; always the same ones.

    Raises:
        UserError: the object does not stay in the palm.
    """
    world = World(model, count)
    streams = Streams(count)
    streams.reseed(0)
    qpos, ctrl, state = world.batch.bind("qpos"), world.batch.bind("ctrl"), world.batch.state
    first = state.copy()
    left: Ids = np.arange(count)
    for _ in range(TRIES):
        state[left] = first[left]
        ctrl[left] = model.actuator_ctrlrange.mean(axis=1)
        qpos[left, PLACE] = ABOVE
        qpos[left, PLACE.start : PLACE.start + 2] += SPREAD * streams.normal(left, 2)
        qpos[left, TURNED] = turned(streams, left)
        failed = world.step(left, round(RESTING / model.opt.timestep))
        lost = qpos[left, PLACE.start + 2] < LOWEST
        left = left[lost if failed is None else lost | failed[left]]
        if not len(left):
            return np.array(state)
    raise UserError(f"the object fell from the hand {TRIES} times before an episode could start")
