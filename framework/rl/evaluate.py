"""Evaluation: the outcomes of exactly so many episodes of a policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from framework.errors import UserError
from framework.progress import tell
from framework.rl.vector import Array, autoreset_mode, final_info

#: Maps the environment's batched observation to its batched action.
Policy: TypeAlias = Callable[[Any], Array]


class Outcomes(NamedTuple):
    """Outcomes of n episodes.

    Attributes:
        returns: `(n,)`, undiscounted, of all agents together where there are several.
        lengths: `(n,)`, in steps.
        success: `(n,)`, `info["is_success"]` at the last step; NaN where there is none.
        info: further entries of the last step's info, `(n,)` each, by name; NaN likewise.
    """

    returns: NDArray[np.float64]
    lengths: NDArray[np.int64]
    success: NDArray[np.float64]
    info: dict[str, NDArray[np.float64]]


def quotas(episodes: int, environments: int) -> NDArray[np.int64]:
    """How many of the episodes each environment plays, `(environments,)`: the first ones one more."""
    return episodes // environments + (np.arange(environments) < episodes % environments)


def evaluate_policy(
    environment: Any, policy: Policy, episodes: int, seed: int, keys: Sequence[str] = ()
) -> Outcomes:
    """Play episodes in a batched environment.

    Counting the first n episodes to end would favour short ones. Here every environment
    has a quota of its own, and only its first so many episodes count, however long they take.

    Args:
        environment: a `VectorEnv` with SAME_STEP or NEXT_STEP autoreset; it is reset first.
        policy: the actions to take; a `Player` is told which episodes ended.
        episodes: how many; the same seed and number give the same episodes.
        seed: of the reset.
        keys: entries of the last step's info to return, besides `is_success`.

    Returns:
        The outcomes, ordered by environment and then by time.

    Raises:
        UserError: the environment does not reset itself.
    """
    n = environment.num_envs
    mode = autoreset_mode(environment)
    if mode is AutoresetMode.DISABLED:
        raise UserError(f"{type(environment).__name__} does not reset itself; build it with autoreset")
    quota = quotas(episodes, n)
    finished: list[list[tuple[float, int, list[float]]]] = [[] for _ in range(n)]
    keys = ("is_success", *keys)
    counted = np.zeros(n, np.int64)
    ret, length = np.zeros(n), np.zeros(n, np.int64)
    resetting = np.zeros(n, np.bool_)
    observation, _ = environment.reset(seed=seed)
    forget = getattr(policy, "ended", lambda which: None)
    forget(np.ones(n, np.bool_))
    while (counted < quota).any():
        observation, reward, terminated, truncated, info = environment.step(policy(observation))
        ret += np.where(resetting, 0.0, np.asarray(reward).reshape(n, -1).sum(axis=1))
        length += ~resetting
        done = (terminated | truncated) & ~resetting
        forget(resetting if mode is AutoresetMode.NEXT_STEP else done)
        if done.any():
            unknown = np.full(n, np.nan)
            last = np.array([final_info(key, info, unknown) for key in keys], np.float64)
            for i in np.flatnonzero(done & (counted < quota)):
                finished[i].append((float(ret[i]), int(length[i]), last[:, i].tolist()))
            counted += done
            tell(int(np.minimum(counted, quota).sum()), episodes, "episodes")
            ret[done], length[done] = 0.0, 0
        if mode is AutoresetMode.NEXT_STEP:
            resetting = done
    returns, lengths, lasts = zip(*(one for each in finished for one in each), strict=True)
    success, *further = np.array(lasts, np.float64).T
    found = dict(zip(keys[1:], further, strict=True))
    return Outcomes(np.array(returns), np.array(lengths), success, found)
