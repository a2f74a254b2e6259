"""What can differ between simulations, and change while they run ("Physics randomizations")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from framework.sim import Field, Parameter
from framework.sim.fields import size
from framework.sim.shadow_hand import HINGES


def hand_parameters(model: Any, bodies: Sequence[str], sized: bool) -> list[Parameter]:
    """Parameters of a hand with an object, each of which leaves it as it is unless set.

    Args:
        model: the `MjModel`.
        bodies: that the object is made of, by name.
        sized: whether its size can differ between simulations, which that of a mesh cannot.
    """
    names = (model.body(i).name for i in range(model.nbody))
    links = tuple(n for n in names if n.startswith("robot0:") and n != "robot0:hand mount")
    hinges = tuple(range(HINGES))
    found = [
        Parameter(
            name="object_mass",
            fields=(Field("body_mass", tuple(bodies)), Field("body_inertia", tuple(bodies))),
            low=0.05,
            high=20.0,
            doc="mass and inertia of the object, times its own",
        ),
        Parameter(
            name="link_mass",
            fields=(Field("body_mass", links), Field("body_inertia", links)),
            low=0.05,
            high=20.0,
            each=True,
            doc="mass and inertia of each link of the hand, times its own",
        ),
        Parameter(
            name="friction",
            fields=(Field("geom_friction", at=0),),
            low=0.05,
            high=5.0,
            doc="sliding friction of all contacts, times its own",
        ),
        Parameter(
            name="damping",
            fields=(Field("dof_damping", hinges),),
            low=0.05,
            high=20.0,
            log=True,
            each=True,
            doc="damping of each joint of the hand, times its own",
        ),
        Parameter(
            name="gain",
            fields=(Field("actuator_gainprm", at=0), Field("actuator_biasprm", at=1)),
            low=0.05,
            high=20.0,
            log=True,
            each=True,
            doc="proportional gain of each actuator, times its own",
        ),
        Parameter(
            name="joint_limits",
            fields=(Field("jnt_range", hinges),),
            mode="add",
            low=0.0,
            high=1.0,
            noise="normal",
            each=True,
            unit="rad",
            doc="standard deviation of how far the range of each joint is moved",
        ),
        Parameter(
            name="gravity",
            fields=(Field("opt.gravity"),),
            mode="add",
            low=0.0,
            high=9.81,
            noise="normal",
            each=True,
            unit="m/s^2",
            doc="standard deviation of gravity along each axis",
        ),
        Parameter(
            name="finger_markers",
            low=0.0,
            high=0.1,
            noise="normal",
            count=15,
            unit="m",
            doc="standard deviation of where the markers are on their fingertips, along each axis",
        ),
    ]
    if sized:
        found.append(
            Parameter(
                name="object_size",
                fields=tuple(field for body in bodies for field in size(model, body)),
                low=0.5,
                high=2.0,
                doc="lengths of the object, times its own, at the same mass",
            )
        )
    return found


#: Parameters by group, as the paper's ablation leaves them out; section 6.3.
GROUPS: dict[str, tuple[str, ...]] = {
    "physics": (
        "object_size",
        "object_mass",
        "link_mass",
        "friction",
        "damping",
        "gain",
        "joint_limits",
        "gravity",
    ),
    "noise": (
        "finger_markers",
        "fingertips_bias",
        "fingertips_noise",
        "object_bias",
        "object_noise",
        "rotation_bias",
        "rotation_noise",
        "base_marker_bias",
        "base_marker_noise",
    ),
    "unmodelled": (
        "adversary",
        "action_scale",
        "action_bias",
        "action_noise",
        "action_delay",
        "stuck",
        "backlash",
        "backlash_spread",
        "object_push",
        "object_push_size",
        "object_push_decay",
        "timestep_jitter",
        "fingertips_dropout",
        "fingertips_dropout_time",
        "fingertips_occlusion",
    ),
}
