"""Names for the arrays that environments pass around."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.floating[Any]]
Flags: TypeAlias = NDArray[np.bool_]
#: Indices of environments, in rising order.
Ids: TypeAlias = NDArray[np.intp]
#: Which environments: all of them as a slice, which costs no copy, or some by their indices.
Rows: TypeAlias = slice | Ids
#: Arrays `(num_envs, ...)` by the keys of the observation space.
Observation: TypeAlias = dict[str, NDArray[Any]]
Info: TypeAlias = dict[str, Any]
#: What `VectorEnv.get_state` returns: arrays only.
State: TypeAlias = dict[str, NDArray[Any]]
