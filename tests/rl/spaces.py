"""Spaces of every kind that the kit takes."""

from __future__ import annotations

import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple

OBSERVATIONS = {
    "box": Box(-1, 1, (3,)),
    "float64": Box(-np.inf, np.inf, (2, 2), np.float64),
    "image": Box(0, 255, (4, 4, 1), np.uint8),
    "depth": Box(0, 65535, (2, 2), np.uint16),
    "integers": Box(-5, 5, (2,), np.int32),
    "discrete": Discrete(5, start=-2),
    "multi_discrete": MultiDiscrete([[2, 3], [4, 5]], start=[[1, 0], [0, -7]]),
    "multi_binary": MultiBinary(3),
    "dict": Dict(image=Box(0, 255, (2, 2), np.uint8), hand=Dict(angle=Box(-1, 1, (2,)), on=Discrete(2))),
    "tuple": Tuple([Box(-1, 1, (1,)), Discrete(3)]),
}
ACTIONS = {
    "box": Box(np.float32([-2, 0, -np.inf]), np.float32([2, 1, np.inf])),
    "bounded_below": Box(0, np.inf, (4,)),
    "float64": Box(-3, 1, (2, 2), np.float64),
    "integers": Box(0, 10, (2,), np.int64),
    "bytes": Box(0, 255, (2,), np.uint8),
    "discrete": Discrete(4, start=3),
    "multi_discrete": MultiDiscrete([11, 11, 2]),
    "multi_discrete_2d": MultiDiscrete([[2, 3], [4, 5]], start=[[1, 0], [0, 7]]),
    "multi_binary": MultiBinary((2, 2)),
    "dict": Dict(move=Box(-1, 1, (2,)), grip=Dict(close=Discrete(2), fingers=MultiBinary(3))),
    "tuple": Tuple([Box(-1, 1, (1,)), Discrete(3)]),
}
