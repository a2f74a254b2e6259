"""The physical world: agents, boxes and ramps on a floor, between walls; settings as released."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from framework.sim.engine import mujoco

#: Side of the floor that games begin on; m.
FLOOR = 6.0
#: Radius of an agent; half the side of a box and of a ramp; half the thickness of a wall; m.
AGENT, BOX, WALL = 0.15, 0.25, 0.05
#: Where an agent's arms are beside and ahead of its centre, and their radius; and how far they reach; m.
ARMS, ARM = (0.1, 0.15), 0.05
WIDE = float(np.hypot(*ARMS)) + ARM
#: Heights of walls between rooms and of those around them; m.
INNER, OUTER = 0.5, 4.0
#: Greatest control: a motor's force is 100 N, or its torque 100 Nm, times it.
CONTROL = 0.9
#: Coordinates of a body: position and turn about z.
AXES = 4
#: Geoms that rays meet; the floor is not among them.
SOLID = (0,)

_LOW, _HIGH = -BOX, BOX
_WEDGE = np.array([(x, y, z) for x in (_LOW, _HIGH) for y, z in ((_LOW, _LOW), (_LOW, _HIGH), (_HIGH, _LOW))])


@dataclass(frozen=True)
class Scene:
    """How many of everything the model has, and its physics.

    Bodies are numbered agents first, then boxes, then ramps, in all arrays `(bodies, ...)`.

    Attributes:
        agents: of both teams.
        boxes: all of the same size in the model; a layout may change it.
        ramps: wedges of 45 degrees.
        walls: boxes that do not move; layouts place them.
        timestep: s.
        friction: of the walls.
        cylinders: that do not move; layouts place them.
    """

    agents: int
    boxes: int
    ramps: int
    walls: int
    timestep: float
    friction: float
    cylinders: int = 0

    @property
    def bodies(self) -> int:
        return self.agents + self.boxes + self.ramps


@cache
def model(scene: Scene) -> Any:
    """The `MjModel` of `spec`."""
    return spec(scene).compile()


def spec(scene: Scene) -> Any:
    """What the model is made from, an `MjSpec`.

    Every body slides along x, y and z and turns about z, about its own origin, which is its centre: `qpos`
    is `(bodies * 4)`, position (m) and turn (rad). It faces -y at turn 0. Arms show and hide, but touch
    nothing: an arm that is driven into a wall can come out of another side of it. Agents have three
    motors each, along x, along y and about z; and a weld each, off, with itself and a body to be chosen.
    """
    worldbody = [
        '<geom name="floor" type="plane" size="0 0 1" friction=".2" group="1"/>',
        *(
            f'<geom name="wall{i}" type="box" size="{WALL} {WALL} {INNER / 2}" pos="{i} 0 -100" '
            f'friction="{scene.friction}"/>'
            for i in range(scene.walls)
        ),
        *(
            f'<geom name="cylinder{i}" type="cylinder" size="{BOX} {BOX}" pos="{i} 0 -100"/>'
            for i in range(scene.cylinders)
        ),
        *(_agent(i) for i in range(scene.agents)),
        *(_object(f"box{i}", "damping='.01'", _BOX_GEOM) for i in range(scene.boxes)),
        *(_object(f"ramp{i}", "damping='.1'", _RAMP_GEOM) for i in range(scene.ramps)),
    ]
    motors = [
        f'<motor joint="agent{i}:{axis}" gear="100" ctrlrange="-{CONTROL} {CONTROL}"/>'
        for i in range(scene.agents)
        for axis in ("x", "y", "turn")
    ]
    welds = [
        f'<weld name="hand{i}" body1="agent{i}" body2="{_first_object(scene)}" active="false" '
        'relpose="0 0 0 1 0 0 0"/>'
        for i in range(scene.agents)
    ]
    vertices = " ".join(map(str, _WEDGE.ravel()))
    return mujoco.MjSpec.from_string(f"""
    <mujoco model="hide_seek">
      <option timestep="{scene.timestep}" gravity="0 0 -50"/>
      <asset><mesh name="wedge" vertex="{vertices}"/></asset>
      <worldbody>{" ".join(worldbody)}</worldbody>
      <actuator>{" ".join(motors)}</actuator>
      <equality>{" ".join(welds) if scene.boxes + scene.ramps else ""}</equality>
    </mujoco>
    """)


_BOX_GEOM = f'type="box" size="{BOX} {BOX} {BOX}" friction=".2"'
_RAMP_GEOM = 'type="mesh" mesh="wedge" friction=".01"'


def _agent(number: int) -> str:
    name = f"agent{number}"
    joints = _joints(name, ["damping='10'", "damping='10'", "damping='1'", "damping='10'"])
    arms = "".join(
        f'<geom type="sphere" size="{ARM}" pos="{x} {-ARMS[1]} 0" mass="0" contype="0" conaffinity="0"/>'
        for x in (-ARMS[0], ARMS[0])
    )
    body = f'<geom name="{name}" type="sphere" size="{AGENT}" mass="1" friction=".01"/>'
    return f'<body name="{name}">{joints}{body}{arms}</body>'


def _object(name: str, damping: str, geom: str) -> str:
    return (
        f'<body name="{name}">{_joints(name, [damping] * AXES)}<geom name="{name}" mass="1" {geom}/></body>'
    )


def _joints(name: str, damping: list[str]) -> str:
    axes = {"x": "1 0 0", "y": "0 1 0", "z": "0 0 1"}
    slides = [
        f'<joint name="{name}:{key}" type="slide" axis="{axis}" {damping[i]}/>'
        for i, (key, axis) in enumerate(axes.items())
    ]
    return "".join([*slides, f'<joint name="{name}:turn" type="hinge" axis="0 0 1" {damping[3]}/>'])


def _first_object(scene: Scene) -> str:
    return "box0" if scene.boxes else "ramp0"
