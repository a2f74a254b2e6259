"""Reading gymnasium's conventions for batched environments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from framework.errors import UserError

Array: TypeAlias = NDArray[Any]
#: One array per key of a dict space, or the array itself: each `(num_envs, ...)`.
Observation: TypeAlias = Mapping[str, Array] | Array


def autoreset_mode(environment: Any) -> AutoresetMode:
    """How an environment starts its next episode; gymnasium's default if it does not say."""
    mode = (environment.metadata or {}).get("autoreset_mode", AutoresetMode.NEXT_STEP)
    return AutoresetMode(mode)


def require_same_step(environment: Any) -> None:
    """Check that an ended episode's last observation comes with the step that ends it.

    Raises:
        UserError: the environment resets in a step of its own, or not at all.
    """
    mode = autoreset_mode(environment)
    if mode is not AutoresetMode.SAME_STEP:
        raise UserError(
            f"{type(environment).__name__} resets with autoreset mode {mode.name}; training needs SAME_STEP\n"
            "  build it with autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP"
        )


def final_observation(observation: Observation, info: Mapping[str, Any]) -> Observation:
    """What a step led to, before any automatic reset.

    Args:
        observation: as `step` returned it.
        info: as `step` returned it; `final_obs` holds one observation per ended environment.

    Returns:
        `observation` itself if nothing ended, else a copy with the ended episodes' last
        observations in their rows.
    """
    if "final_obs" not in info:
        return observation
    ended = np.flatnonzero(info["_final_obs"])
    final = [info["final_obs"][i] for i in ended]
    if isinstance(observation, Mapping):
        whole = {key: np.array(value) for key, value in observation.items()}
        for key, value in whole.items():
            value[ended] = np.stack([one[key] for one in final])
        return whole
    array = np.array(observation)
    array[ended] = np.stack(final)
    return array


def final_info(key: str, info: Mapping[str, Any], default: Array) -> Array:
    """A per-environment entry of `info` as of before any automatic reset, `(num_envs,)`.

    Args:
        key: such as `"is_success"`.
        info: as `step` returned it.
        default: where no environment reports the entry.
    """
    value = np.array(info.get(key, default))
    final = info.get("final_info")
    if isinstance(final, Mapping) and key in final:
        mask = np.asarray(final.get(f"_{key}", True)) & np.asarray(info["_final_info"])
        value[mask] = np.asarray(final[key])[mask]
    return value
