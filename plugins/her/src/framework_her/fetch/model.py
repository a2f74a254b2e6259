"""The simulated robot: model, settled first state, and where to read things in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim import asset_path
from framework.sim.engine import mujoco

SUBSTEPS = 20
#: Orientation that the gripper is pulled to, as a quaternion (not of unit length).
DOWN = np.array([1.0, 0.0, 1.0, 0.0])
#: Where the gripper goes before the first episode, from where it is in the XML file; m.
SETTLE = np.array([-0.498, 0.005, -0.431])

#: Links that no joint angles bring together. MuJoCo would measure the distance of each pair in
#: every physics step; leaving them out is 7% faster and changes no number.
NEVER_TOUCH = (
    ("base_link", "shoulder_pan_link"),
    ("torso_lift_link", "head_tilt_link"),
    ("torso_fixed_link", "head_pan_link"),
    ("torso_fixed_link", "shoulder_pan_link"),
    ("head_pan_link", "shoulder_pan_link"),
    ("head_pan_link", "shoulder_lift_link"),
    ("head_tilt_link", "shoulder_pan_link"),
    ("head_tilt_link", "shoulder_lift_link"),
    ("upperarm_roll_link", "forearm_roll_link"),
    ("forearm_roll_link", "wrist_roll_link"),
)


@dataclass(frozen=True)
class Robot:
    """A Fetch model, settled at the start of an episode.

    Attributes:
        model: the `MjModel`.
        first: state row (`mjSTATE_INTEGRATION`) that episodes start from.
        grip: position of the gripper then, `(3,)`; m.
        height: height of the object then, 0 without one; m.
    """

    model: Any
    first: NDArray[np.float64]
    grip: NDArray[np.float64]
    height: float


@cache
def load(file: str, joints: tuple[tuple[str, tuple[float, ...]], ...], lift: float, blocks: int = 1) -> Robot:
    """Load a task's model and settle it.

    Args:
        file: name of the XML file in gymnasium-robotics' `fetch` folder.
        joints: first position of some joints, by name.
        lift: height of the settled gripper above its usual place; m.
        blocks: how many blocks there are, `object0` and others like it; for each a site
            `target0` and so on marks its goal.
    """
    path = asset_path("gymnasium_robotics", f"envs/assets/fetch/{file}")
    spec = mujoco.MjSpec.from_file(str(path))
    for one, other in NEVER_TOUCH:
        spec.add_exclude(bodyname1=f"robot0:{one}", bodyname2=f"robot0:{other}")
    for number in range(1, blocks):
        _add_block(spec, number)
    model = spec.compile()
    # The weld that drags the gripper after the mocap body keeps no offset between them.
    # Its last number would let mj_setConst compute one.
    model.eq_data[0, :7] = [0, 0, 0, 0, 0, 0, 1]
    model.eq_data[0, 11] = 0
    data = mujoco.MjData(model)
    for name, position in joints:
        start = model.joint(name).qposadr[0]
        data.qpos[start : start + len(position)] = position
    mujoco.mj_forward(model, data)
    data.mocap_pos[0] = SETTLE + np.array([0, 0, lift]) + data.site("robot0:grip").xpos
    data.mocap_quat[0] = DOWN
    mujoco.mj_step(model, data, nstep=10 * SUBSTEPS)
    grip = data.site("robot0:grip").xpos.copy()
    height = 0.0
    if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, "object0") >= 0:
        height = float(data.site("object0").xpos[2])
    time, qpos, qvel = data.time, data.qpos.copy(), data.qvel.copy()
    mujoco.mj_resetData(model, data)
    data.time, data.qpos[:], data.qvel[:] = time, qpos, qvel
    first = np.empty(mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_INTEGRATION))
    mujoco.mj_getState(model, data, first, mujoco.mjtState.mjSTATE_INTEGRATION)
    return Robot(model, first, grip, height)


#: Colours of the further blocks and their goals.
COLOURS = ((0.9, 0.2, 0.2), (0.2, 0.7, 0.2), (0.2, 0.3, 0.9), (0.9, 0.8, 0.1), (0.7, 0.2, 0.8))


def _add_block(spec: Any, number: int) -> None:
    """Add a block like `object0` to a robot's specification, and a site that marks its goal."""
    colour = COLOURS[(number - 1) % len(COLOURS)]
    name, first = f"object{number}", spec.geom("object0")
    body = spec.worldbody.add_body(name=name)
    joint = body.add_freejoint(name=f"{name}:joint")
    joint.damping = spec.joint("object0:joint").damping
    body.add_geom(
        name=name, type=first.type, size=first.size, mass=first.mass, condim=first.condim, rgba=[*colour, 1]
    )
    marker = {"type": mujoco.mjtGeom.mjGEOM_SPHERE, "size": [0.02, 0.02, 0.02], "rgba": [*colour, 0.6]}
    body.add_site(name=name, **(marker | {"rgba": [*colour, 0]}))
    spec.body("floor0").add_site(name=f"target{number}", **marker)
