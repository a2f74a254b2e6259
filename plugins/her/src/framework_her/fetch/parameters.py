"""What can differ between simulations of a Fetch task, and change while they run."""

from __future__ import annotations

from collections.abc import Sequence

from framework.sim import Field, Parameter
from framework.sim.fields import mass

#: Env steps that an action can be late.
LATEST = 5


def parameters(objects: Sequence[str]) -> list[Parameter]:
    """Parameters of a task with these objects, each of which leaves it as it is unless set."""
    found = [
        Parameter(
            name="friction",
            fields=(Field("geom_friction", at=0),),
            low=0.05,
            high=5.0,
            doc="sliding friction of all contacts, times the published",
        ),
        Parameter(
            name="gravity",
            fields=(Field("opt.gravity", at=2),),
            low=0.0,
            high=3.0,
            doc="gravity, times 9.81 m/s^2",
        ),
        Parameter(
            name="action_delay",
            low=0.0,
            high=float(LATEST),
            unit="env steps",
            doc="how late actions arrive, rounded to whole steps",
        ),
    ]
    if objects:
        doc = "mass and inertia of every object, times the published (2 kg)"
        fields = tuple(field for name in objects for field in mass(name))
        found.append(Parameter(name="object_mass", fields=fields, low=0.05, high=20.0, log=True, doc=doc))
    return found
