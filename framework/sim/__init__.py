"""Simulation kit: batched MuJoCo environments for plugins to build on.

`World` runs many simulations of one model on the threads of `mujoco.batch.Batch`, with model
fields that differ between them and an exact saved state. `VectorEnv` is a world with episodes:
subclasses say how an action acts, what is observed and how an episode starts, as NumPy over
`(num_envs, ...)`; autoreset, time limits, random streams, parameters that are set or
randomised, diverging simulations and pictures are the kit's. `rays` sees without OpenGL.
"""

from __future__ import annotations

from framework.sim.arrays import Flags, Floats, Ids, Info, Observation, Rows, State
from framework.sim.assets import asset_path
from framework.sim.fields import Field
from framework.sim.randomisation import (
    ActionDelay,
    ActionNoise,
    Adversary,
    Backlash,
    Dropout,
    Effect,
    ObservationNoise,
    Parameter,
    RandomForces,
    Randomisation,
    Stuck,
    TimestepJitter,
)
from framework.sim.render import Camera
from framework.sim.single import SingleEnv
from framework.sim.streams import Streams
from framework.sim.vector_env import VectorEnv
from framework.sim.world import World

__all__ = [
    "ActionDelay",
    "ActionNoise",
    "Adversary",
    "Backlash",
    "Camera",
    "Dropout",
    "Effect",
    "Field",
    "Flags",
    "Floats",
    "Ids",
    "Info",
    "Observation",
    "ObservationNoise",
    "Parameter",
    "RandomForces",
    "Randomisation",
    "Rows",
    "SingleEnv",
    "State",
    "Streams",
    "Stuck",
    "TimestepJitter",
    "VectorEnv",
    "World",
    "asset_path",
]
