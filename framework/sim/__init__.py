"""Simulation kit: batched MuJoCo environments for plugins to build on.

`VectorEnv` runs many simulations of one model on the threads of `mujoco.batch.Batch`.
Subclasses say how an action acts, what is observed and how an episode starts, as NumPy
over `(num_envs, ...)`; autoreset, time limits, random streams, exact save and restore,
diverging simulations and pictures are the kit's.

Two rooms are still empty: randomisation of the model's fields (`Batch.expand`) and
sensing by rays (`Batch.ray`) come with the first paper that needs them.
"""

from __future__ import annotations

from framework.sim.arrays import Flags, Floats, Ids, Info, Observation, Rows, State
from framework.sim.assets import asset_path
from framework.sim.render import Camera
from framework.sim.single import SingleEnv
from framework.sim.streams import Streams
from framework.sim.vector_env import VectorEnv

__all__ = [
    "Camera",
    "Flags",
    "Floats",
    "Ids",
    "Info",
    "Observation",
    "Rows",
    "SingleEnv",
    "State",
    "Streams",
    "VectorEnv",
    "asset_path",
]
