"""Reading gymnasium's conventions for batched environments."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from framework.errors import UserError

Array: TypeAlias = NDArray[Any]
#: One array per key of a dict space, or the array itself: each `(num_envs, ...)`.
Observation: TypeAlias = Mapping[str, Array] | Array

log = logging.getLogger("framework")


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


def state_of(environment: Any) -> Any:
    """What `get_state` returns; None where an environment's state cannot be saved."""
    return environment.get_state() if hasattr(environment, "get_state") else None


def why_unsaved(environment: Any) -> str:
    """Why `state_of` has nothing; "" where it has."""
    if not hasattr(environment, "get_state"):
        return "it has no get_state"
    return str(getattr(environment, "unsaved", ""))


def warn_if_unsaved(environment: Any) -> None:
    """Say so if a resumed training cannot go on where this environment was."""
    if why := why_unsaved(environment):
        log.warning(
            "the state of %s is not in checkpoints, and a resumed training starts new episodes: %s",
            type(environment).__name__,
            why,
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
    if value.dtype == object:  # of numbers that gymnasium knows no array for, with gaps
        value = np.where([one is None for one in value], default, value).astype(default.dtype)
    final = info.get("final_info")
    if isinstance(final, Mapping) and key in final:
        mask = np.asarray(final.get(f"_{key}", True)) & np.asarray(info["_final_info"])
        value[mask] = np.asarray(final[key])[mask]
    return value
