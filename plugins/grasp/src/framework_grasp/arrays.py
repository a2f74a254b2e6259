"""Names for the arrays that are passed around."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Lengths in m, angles in rad.
Array: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]
#: Indices of simulations, in rising order.
Ids: TypeAlias = NDArray[np.intp]
