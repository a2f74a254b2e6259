"""How precisely trials are simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias


@dataclass(frozen=True)
class Physics:
    """Settings of a simulation.

    Attributes:
        timestep: s.
        contact_time: time constant of contacts, s; at least two timesteps.
        finger_armature: added to the inertia of each finger, kg.
        finger_damping: N s/m.
    """

    timestep: float
    contact_time: float
    finger_armature: float
    finger_damping: float


#: Settings by name: `coarse` to label training data, `fine` to evaluate, `exact` to check both.
PHYSICS: Final = {
    "coarse": Physics(0.004, 0.008, 0.2, 20.0),
    "fine": Physics(0.002, 0.005, 0.1, 20.0),
    "exact": Physics(0.001, 0.005, 0.1, 20.0),
}
Precision: TypeAlias = Literal["coarse", "fine", "exact"]
