"""What a simulated cube offers, however it is simulated."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np

from framework.sim import Ids, Rows, World
from framework.sim.engine import mujoco
from framework.sim.rotations import Array
from framework_adr.cube.group import FACES, NORMALS, State

#: Edge of a cubelet, the distance between two, and what is cut off its edges [robogym]; m.
EDGE, PITCH, BEVEL = 0.019, 0.01905, 0.001425
#: Mass of the whole cube; kg.
MASS = 0.09
#: Of each joint between a cubelet and the middle of the cube: N m s, N m, kg m^2.
DAMPING, FRICTION_LOSS, ARMATURE = 5e-4, 5e-4, 1e-4
#: Cubelets of a face.
PER_FACE = 9
#: Sliding friction with the hand is that of the hand's geoms, which is larger.
FRICTION = [0.2, 0.005, 0.0001]
#: Half the width and half the thickness of a sticker; m.
STICKER = [0.008, 0.008, 0.0001]
#: Colours of the stickers, as in `FACES`: white, red, green, yellow, orange, blue.
COLOURS = np.array(
    [
        [0.95, 0.95, 0.95, 1],
        [0.8, 0.1, 0.1, 1],
        [0.1, 0.6, 0.2, 1],
        [0.95, 0.85, 0.1, 1],
        [0.95, 0.45, 0.05, 1],
        [0.1, 0.25, 0.75, 1],
    ]
)
BLACK = [0.05, 0.05, 0.05, 1.0]
#: Faces that are opposite to each other are so far apart in `FACES`.
OPPOSITE = len(FACES) // 2


class Cube(ABC):
    """The cubes of a world's simulations, whose model was made with `add`.

    Angles of faces are about their normals, outwards: counterclockwise as seen from outside. They are
    from where the cube was put.

    Args:
        world: the simulations.
    """

    #: What it is made of, by names of bodies and of joints; the first body is "object", which
    #: "object:joint" sets free.
    bodies: ClassVar[tuple[str, ...]]
    joints: ClassVar[tuple[str, ...]]
    #: Whether its size can differ between simulations.
    sized: ClassVar[bool]

    def __init__(self, world: World) -> None:
        self.world = world
        self._qpos, self._qvel = world.batch.bind("qpos"), world.batch.bind("qvel")
        model = world.batch.model
        free = model.joint("object:joint")
        start, dof = int(free.qposadr[0]), int(free.dofadr[0])
        self._turned, self._spin = slice(start + 3, start + 7), slice(dof + 3, dof + 6)

    @staticmethod
    @abstractmethod
    def add(spec: Any) -> None:
        """Add a solved cube to the world of an `MjSpec`."""

    @abstractmethod
    def rotation(self, rows: Rows) -> Array:
        """How the cubes are turned, `(k, 4)`: from the cube's frame to the world's."""

    @abstractmethod
    def angles(self, rows: Rows) -> Array:
        """Angles of the faces, `(k, 6)`, as in `FACES`; rad, within (-pi, pi]."""

    @abstractmethod
    def speeds(self, rows: Rows) -> Array:
        """Their speeds, `(k, 6)`; rad/s."""

    @abstractmethod
    def state(self, rows: Rows) -> State:
        """The states in the group that the cubes are nearest to, `(k, 26)`."""

    @abstractmethod
    def put(self, ids: Ids, state: State) -> None:
        """Set states `(k, 26)`, every face in line and at rest."""

    @abstractmethod
    def release(self, ids: Ids, face: Ids) -> None:
        """Let faces, one of each cube, and those opposite to them turn from now on, if they could not."""

    @abstractmethod
    def show(self, data: Any, env: int) -> None:
        """Colour the stickers in an `MjData` about to be drawn."""


def wrapped(angle: Array) -> Array:
    """Angles within [-pi, pi); rad."""
    return np.asarray((angle + np.pi) % (2 * np.pi) - np.pi)


def free_body(spec: Any) -> Any:
    """The body "object", free to move, of an `MjSpec` that has none."""
    body = spec.worldbody.add_body(name="object", pos=[1.0, 0.87, 0.2])
    body.add_freejoint(name="object:joint")
    # Its centre of mass may differ between simulations.
    body.simple = 0
    return body


def sticker(body: Any, name: str, at: Any, face: int) -> None:
    """Add a sticker that only is seen, on a side that looks where a face does."""
    normal = NORMALS[face]
    body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=STICKER,
        pos=at,
        zaxis=normal.tolist(),
        rgba=COLOURS[face].tolist(),
        mass=0.0,
        contype=0,
        conaffinity=0,
        group=1,
    )
