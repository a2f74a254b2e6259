"""What an episode that ended in a step leaves behind, in gymnasium's form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from framework.sim.arrays import Flags, Info, Observation


def final_info(ended: Flags, observation: Observation | NDArray[Any], info: Info) -> Info:
    """Info about the environments that ended and are reset within the same step.

    Args:
        ended: `(num_envs,)`.
        observation: as the step left it; rows are copied.
        info: of the step; arrays `(num_envs, ...)`.

    Returns:
        `final_obs`, an object array `(num_envs,)` with the observation of each environment
        that ended and None for others; `final_info`, a dict like `info`; and their masks.
    """
    ids = np.flatnonzero(ended)
    final_obs = np.full(len(ended), None, dtype=object)
    if isinstance(observation, dict):
        rows = {key: value[ids] for key, value in observation.items()}
        for row, env in enumerate(ids):
            final_obs[env] = {key: value[row] for key, value in rows.items()}
    else:
        for env in ids:
            final_obs[env] = observation[env].copy()
    return {
        "final_obs": final_obs,
        "_final_obs": ended.copy(),
        "final_info": {key: _only(ended, value) for key, value in info.items()},
        "_final_info": ended.copy(),
    }


def _only(ended: Flags, value: NDArray[Any]) -> NDArray[Any]:
    kept = np.zeros_like(value)
    kept[ended] = value[ended]
    return kept
