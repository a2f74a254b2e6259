"""Many environments of gymnasium as one, which can be saved, and whose goals can be replaced."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from numpy.typing import NDArray

from framework.errors import UserError

Array = NDArray[Any]


class _Many:
    """What both ways of stepping share."""

    def get_state(self: Any) -> tuple[bytes, ...] | None:
        """Everything the next steps depend on, of each environment; None if it cannot be saved."""
        states = self.call("save")
        return None if any(isinstance(state, str) for state in states) else tuple(states)

    @property
    def unsaved(self: Any) -> str:
        """Why the state cannot be saved; "" where it can. To be asked after a reset."""
        return next((state for state in self.call("save") if isinstance(state, str)), "")

    def set_state(self: Any, state: Sequence[bytes]) -> None:
        """Continue from what `get_state` returned, here or in another one made alike.

        Raises:
            UserError: it is of another number of environments.
        """
        if len(state) != self.num_envs:
            raise UserError(f"the saved state is of {len(state)} environments, and here are {self.num_envs}")
        self.set_attr("saved", list(state))

    def _complete(self, one: gymnasium.Env[Any, Any]) -> None:
        """Offer what goal environments do for whole batches of goals."""
        for name in ("compute_reward", "compute_terminated"):
            if one.has_wrapper_attr(name):
                setattr(self, name, Rows(one.get_wrapper_attr(name), one.observation_space, name))


class Synchronous(_Many, SyncVectorEnv):
    """They are stepped one after the other."""

    def __init__(self, make: Callable[[], gymnasium.Env[Any, Any]], num_envs: int) -> None:
        SyncVectorEnv.__init__(self, [make] * num_envs, autoreset_mode=AutoresetMode.SAME_STEP)
        self._complete(self.envs[0])


class Asynchronous(_Many, AsyncVectorEnv):
    """Each is stepped in a process of its own."""

    def __init__(self, make: Callable[[], gymnasium.Env[Any, Any]], num_envs: int) -> None:
        # Forked from this one, which has threads, a process might wait for a lock that nobody frees.
        AsyncVectorEnv.__init__(
            self, [make] * num_envs, autoreset_mode=AutoresetMode.SAME_STEP, context="spawn"
        )
        self._complete(make())


class Rows:
    """A goal environment's function of achieved and desired goals, for many rows at once.

    If it is made for single goals alone it is called row by row.

    Args:
        function: `(achieved, desired, info)`.
        space: of observations.
        name: of the function.
    """

    def __init__(self, function: Callable[..., Any], space: gymnasium.Space[Any], name: str) -> None:
        self.function, self.name = function, name
        goals = space["achieved_goal"] if isinstance(space, gymnasium.spaces.Dict) else space
        self._rank = len(goals.shape or ())
        goals = copy.deepcopy(goals)  # the environment's own has a state
        goals.seed(0)
        a, b = (goals.sample() for _ in range(2))
        self.batched = self._agree(np.stack([a, a, b, b]), np.stack([a, b, a, b]))

    def __call__(self, achieved: Array, desired: Array, info: Any = None) -> Array:
        """Of one goal a number, of goals `(*batch, ...)` an array `(*batch)`."""
        info = {} if info is None else info
        if self.batched or np.ndim(achieved) == self._rank:
            return np.asarray(self.function(achieved, desired, info))
        return self._one_by_one(achieved, desired, info)

    def _one_by_one(self, achieved: Array, desired: Array, info: Any) -> Array:
        batch = achieved.shape[: achieved.ndim - self._rank]
        answers = [self.function(achieved[row], desired[row], info) for row in np.ndindex(batch)]
        return np.array(answers).reshape(batch)

    def _agree(self, achieved: Array, desired: Array) -> bool:
        try:
            single = self._one_by_one(achieved, desired, {})
        except Exception as error:
            raise UserError(
                f"{self.name} of the environment cannot be called with two goals and an empty info: "
                f"{type(error).__name__}: {error}\n  goals are replaced in hindsight, when the info is gone"
            ) from error
        try:
            return np.array_equal(np.asarray(self.function(achieved, desired, {})), single)
        except Exception:
            return False
