"""The hand, the table and an object as a MuJoCo model, in the hand's own frame.

The hand is a parallel gripper that opens 10 cm. Its origin is midway between the finger tips where it
grasps, z points from there to its palm, y from one finger to the other. It does not turn and does
not travel: the object, the table and gravity are turned and moved instead (`trial`), so that four or
six dimensional grasps need no more than three slides, on which the hand comes, lifts and shakes.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

from framework.sim.engine import mujoco
from framework_grasp.objects.solid import Solid
from framework_grasp.trials.physics import Physics

#: Distance between the open pads, m.
OPENING: Final = 0.10
#: Height of the pads from the finger tips, and their width, m.
PAD_HEIGHT: Final = 0.06
PAD_WIDTH: Final = 0.022
#: Of a finger, across the pad, m.
FINGER: Final = 0.01
#: Half lengths of the palm along x and y, m.
PALM: Final = (0.02, 0.07)
#: Closing force of each finger, N.
GRIP: Final = 20.0
#: The drives of the slides: N/m, N s/m, and the most they push, N.
STIFFNESS: Final = 2000.0
DAMPING: Final = 90.0
PUSH: Final = 60.0
#: m/s2.
GRAVITY: Final = 9.81
#: How far the hand is from where it grasps before it comes, m.
APPROACH: Final = 0.10
#: Looks at the middle of the table, and stays there however the hand is turned.
CAMERA: Final = "scene"
#: Groups of geoms, for rays; groups up to 2 are drawn.
OBJECT_GROUP: Final = 1
OTHER_GROUP: Final = 2

_TYPES: Final = {
    "box": "mjGEOM_BOX",
    "cylinder": "mjGEOM_CYLINDER",
    "sphere": "mjGEOM_SPHERE",
    "capsule": "mjGEOM_CAPSULE",
    "hull": "mjGEOM_MESH",
}


def model_of(solid: Solid, friction: float, physics: Physics) -> Any:
    """Compile the `MjModel` of a hand, a table and an object.

    Joints, in order: hand x, y, z; fingers right (towards -y), left; object (free).

    Args:
        solid: the object.
        friction: of the object on pads and table, Coulomb's.
        physics: how precisely it is simulated.

    Raises:
        ValueError: MuJoCo does not take a part of the object; the message says why.
    """
    spec = _hand(physics).copy()
    body = spec.worldbody.add_body(name="object", pos=[0, 0, 0.5])
    body.add_freejoint()
    try:
        volume = sum(part.volume for part in solid.parts)
    except ValueError as error:
        raise ValueError(f"the object {solid.name} cannot be simulated: {error}") from error
    for number, part in enumerate(solid.parts):
        options: dict[str, Any] = {"size": [*part.size, 0, 0, 0][:3]}
        if part.kind == "hull":
            name = f"part{number}"
            spec.add_mesh(name=name, uservert=np.ravel(part.corners).tolist())
            options = {"meshname": name}
        body.add_geom(
            type=getattr(mujoco.mjtGeom, _TYPES[part.kind]),
            pos=list(part.position),
            quat=list(part.quaternion),
            mass=solid.mass * part.volume / volume,
            group=OBJECT_GROUP,
            rgba=[0.85, 0.5, 0.2, 1],
            # The object's friction and stiffness count in all its contacts, not the larger of two.
            priority=1,
            condim=4,
            friction=[friction, 0.005, 0.0001],
            solref=[physics.contact_time, 1.0],
            **options,
        )
    try:
        model = spec.compile()
    except mujoco.FatalError as error:
        raise ValueError(f"the object {solid.name} cannot be simulated: {error}") from error
    if solid.inertia != 1:
        model.body_inertia[model.body("object").id] *= solid.inertia
        mujoco.mj_setConst(model, mujoco.MjData(model))
    return model


@cache
def _hand(physics: Physics) -> Any:
    half, top = OPENING / 2, PAD_HEIGHT / 2
    drive = f'kp="{STIFFNESS}" kv="{DAMPING}" forcerange="{-PUSH} {PUSH}"'
    seen = f'group="{OTHER_GROUP}" rgba=".3 .4 .6 1"'
    finger = f'type="box" size="{PAD_WIDTH / 2} {FINGER / 2} {top}" mass="0.05" {seen}'
    slide = (
        f'type="slide" range="0 {half}" limited="true" '
        f'armature="{physics.finger_armature}" damping="{physics.finger_damping}"'
    )
    return mujoco.MjSpec.from_string(f"""
      <mujoco>
        <option timestep="{physics.timestep}" cone="elliptic" impratio="10" integrator="implicitfast"/>
        <size memory="8M"/>
        <visual><headlight ambient=".4 .4 .4" diffuse=".5 .5 .5" specular="0 0 0"/></visual>
        <worldbody>
          <body name="table" mocap="true">
            <geom name="table" type="plane" size="1 1 .1" group="{OTHER_GROUP}" rgba=".75 .75 .72 1"/>
            <camera name="{CAMERA}" pos=".35 -.5 .4" xyaxes=".82 .574 0 -.274 .392 .878"/>
          </body>
          <body name="hand" gravcomp="1">
            <joint name="x" type="slide" axis="1 0 0"/>
            <joint name="y" type="slide" axis="0 1 0"/>
            <joint name="z" type="slide" axis="0 0 1"/>
            <geom name="palm" type="box" size="{PALM[0]} {PALM[1]} 0.015" mass="0.5"
              pos="0 0 {PAD_HEIGHT + 0.015}" group="{OTHER_GROUP}" rgba=".4 .5 .7 1"/>
            <body name="right" gravcomp="1" pos="0 {-half - FINGER / 2} {top}">
              <joint name="right" axis="0 1 0" {slide}/>
              <geom name="right" {finger}/>
            </body>
            <body name="left" gravcomp="1" pos="0 {half + FINGER / 2} {top}">
              <joint name="left" axis="0 -1 0" {slide}/>
              <geom name="left" {finger}/>
            </body>
          </body>
        </worldbody>
        <equality>
          <joint joint1="right" joint2="left" solref="0.01 1"/>
        </equality>
        <actuator>
          <position joint="x" {drive}/>
          <position joint="y" {drive}/>
          <position joint="z" {drive}/>
          <motor joint="right" ctrlrange="{-GRIP} {GRIP}"/>
          <motor joint="left" ctrlrange="{-GRIP} {GRIP}"/>
        </actuator>
        <contact>
          <exclude body1="right" body2="left"/>
        </contact>
      </mujoco>""")
