"""What can differ between simulations, and change while they run ("Physics randomizations")."""

from __future__ import annotations

from typing import Any

from framework.sim import Field, Parameter
from framework.sim.fields import mass, size
from framework.sim.shadow_hand import HINGES


def parameters(model: Any, thing: str) -> list[Parameter]:
    """Parameters of a hand with an object, each of which leaves it as it is unless set."""
    links = [model.body(i).name for i in range(model.nbody) if model.body(i).name.startswith("robot0:")]
    links = [name for name in links if name != "robot0:hand mount"]
    hinges = tuple(range(HINGES))
    found = [
        Parameter(
            name="object_mass",
            fields=mass("object"),
            low=0.05,
            high=20.0,
            doc="mass and inertia of the object, times its own",
        ),
        Parameter(
            name="link_mass",
            fields=tuple(field for name in links for field in mass(name)),
            low=0.0,
            high=0.95,
            noise="uniform",
            each=True,
            doc="how far the mass of each link of the hand is from its own, at most, as a share of it",
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
            doc="damping of the hand's joints, times their own",
        ),
        Parameter(
            name="gain",
            fields=(Field("actuator_gainprm", at=0), Field("actuator_biasprm", at=1)),
            low=0.05,
            high=20.0,
            log=True,
            doc="proportional gain of the hand's actuators, times their own",
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
            doc="standard deviation of the ends of the joints' ranges",
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
    ]
    if thing != "prism":  # the vertices of a mesh are the same in all simulations
        found.append(
            Parameter(
                name="object_size",
                fields=size(model, "object"),
                low=0.5,
                high=2.0,
                doc="lengths of the object, times its own, at the same mass",
            )
        )
    return found


#: The published ranges, as `ReorientConfig.randomise` takes them.
PUBLISHED: dict[str, tuple[float, float]] = {
    "object_size": (0.95, 1.05),
    "object_mass": (0.5, 1.5),
    "link_mass": (0.5, 0.5),
    "friction": (0.7, 1.3),
    "damping": (0.3, 3.0),
    "gain": (0.75, 1.5),
    "joint_limits": (0.15, 0.15),
    "gravity": (0.4, 0.4),
}
