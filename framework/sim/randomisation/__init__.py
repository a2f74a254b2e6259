"""What differs between simulations: named parameters, and effects that a model does not have.

`Parameter`s are numbers, set from outside or drawn for every episode, that act on fields of
the model, or say how strong an `Effect` is: noise and dropouts in what is observed, noise, delay
and backlash in what is done, forces, and a timestep that varies. Everything is batched, off
unless asked for, and part of the saved state.
"""

from __future__ import annotations

from framework.sim.randomisation.adversary import Adversary
from framework.sim.randomisation.backlash import Backlash
from framework.sim.randomisation.delay import ActionDelay
from framework.sim.randomisation.dropout import Dropout
from framework.sim.randomisation.effects import Effect, Effects
from framework.sim.randomisation.forces import RandomForces
from framework.sim.randomisation.noise import ActionNoise, ObservationNoise
from framework.sim.randomisation.parameters import Parameter, Randomisation
from framework.sim.randomisation.stuck import Stuck
from framework.sim.randomisation.timestep import TimestepJitter

__all__ = [
    "ActionDelay",
    "ActionNoise",
    "Adversary",
    "Backlash",
    "Dropout",
    "Effect",
    "Effects",
    "ObservationNoise",
    "Parameter",
    "RandomForces",
    "Randomisation",
    "Stuck",
    "TimestepJitter",
]
