"""What all tasks of the suite share: goals that rewards are a function of."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import ArrayLike, NDArray

from framework.errors import UserError
from framework.sim import Ids, Observation, VectorEnv
from framework_her.goal_config import GoalConfig

Array = NDArray[np.float64]

#: Remembered arrays that are not part of the state an episode can be started from.
_CLOCKS = ("elapsed", "ended", "diverged")


class GoalVectorEnv(VectorEnv):
    """A batch of simulations with goals.

    Observations are dictionaries of float64 arrays `observation`, `achieved_goal` and
    `desired_goal`. Episodes never terminate; `info["is_success"]`, `(num_envs,)` bool, tells
    at every step whether the goal is reached.

    Args:
        model: an `MjModel`.
        config: how many simulations, and their seed.
        observation: numbers in an observation.
        goal: numbers in a goal.
        actions: numbers in an action, each in [-1, 1].
        options: passed on to `framework.sim.VectorEnv`, in place of what `config` says.

    Attributes:
        goal: what is asked for, `(num_envs, goal)`.
    """

    _moving: dict[str, NDArray[Any]]

    def __init__(
        self, model: Any, config: GoalConfig, *, observation: int, goal: int, actions: int, **options: Any
    ) -> None:
        super().__init__(
            model,
            config.num_envs,
            observation_space=gymnasium.spaces.Dict(
                {"observation": _box(observation), "achieved_goal": _box(goal), "desired_goal": _box(goal)}
            ),
            action_space=gymnasium.spaces.Box(-1.0, 1.0, (actions,), np.float32),
            threads=config.threads,
            size=(config.render_size, config.render_size),
            **{"seed": config.seed} | options,
        )
        self.goal = self.remember("goal", np.zeros((self.num_envs, goal)))
        self._starts: tuple[Array, Array, float] | None = None

    @abstractmethod
    def _score(self, achieved: Array, desired: Array) -> tuple[Array, NDArray[np.bool_]]:
        """Return rewards and successes `(...)` of goals `(..., n)`."""

    def compute_reward(self, achieved: ArrayLike, desired: ArrayLike, info: Any = None) -> Any:
        """Reward of having reached `achieved` while `desired` was asked for.

        Args:
            achieved: goals, `(..., n)`.
            desired: goals, `(..., n)`.
            info: not used.

        Returns:
            `(...)` float64, what `step` gives for the same goals.
        """
        return self._score(np.asarray(achieved, np.float64), np.asarray(desired, np.float64))[0]

    def goal_quantities(self, first: Array, desired: Array) -> dict[str, Array]:
        """What reports show success by: one or two quantities in which goals differ.

        Args:
            first: what was achieved when an episode began, `(episodes, n)`.
            desired: its goal, likewise.

        Returns:
            Each `(episodes,)`, by its name and unit; here where on the table the goal is.
        """
        return {"goal's x (m)": desired[:, 0], "goal's y (m)": desired[:, 1]}

    # Starting from given states ---------------------------------------------------------------

    def remember(self, name: str, array: NDArray[Any]) -> NDArray[Any]:
        if name not in _CLOCKS:
            self.__dict__.setdefault("_moving", {})[name] = array
        return super().remember(name, array)

    def states(self) -> Array:
        """The exact state of every simulation as one row of numbers, `(num_envs, m)`: copies.

        Clocks, random streams and `parameters()` are not in it.
        """
        parts = [self.batch.state, *self._moving.values()]
        return np.concatenate([part.reshape(self.num_envs, -1) for part in parts], axis=1, dtype=np.float64)

    def start_from(self, states: Array, goals: Array, share: float) -> None:
        """Start a share of all episodes to come from one of these states, with a goal of its own.

        Which ones follows from the environments' random streams.

        Args:
            states: `(k, m)`, rows of what `states` returned, at any time and of any number of
                simulations of this task.
            goals: `(k, n)`, the goal of an episode that starts there.
            share: in [0, 1]; 0 goes back to the task's own starts.

        Raises:
            UserError: they are states of something else.
        """
        m, n = self.states().shape[1], self.goal.shape[1]
        if states.ndim != 2 or states.shape[1] != m or goals.shape != (len(states), n) or not len(states):
            raise UserError(
                f"{type(self).__name__} cannot start from states {states.shape} with goals {goals.shape}: "
                f"its states have {m} numbers, its goals {n}"
            )
        self._starts = (states, goals, share) if share > 0 else None

    def _restart(self, ids: Ids) -> None:
        super()._restart(ids)
        if self._starts is None or not len(ids):
            return
        states, goals, share = self._starts
        at_all, which = self.streams.uniform(ids, 0, 1, 2).T
        chosen = np.flatnonzero(at_all < share)
        ids, which = ids[chosen], (which[chosen] * len(states)).astype(np.intp)
        at = 0
        for part in (self.batch.state, *self._moving.values()):
            size = part[0].size
            part[ids] = states[which, at : at + size].reshape(-1, *part.shape[1:])
            at += size
        self.goal[ids] = self._last["desired_goal"][ids] = goals[which]

    def _judge(self, observation: Observation, actions: NDArray[np.floating[Any]]) -> Any:
        reward, success = self._score(observation["achieved_goal"], observation["desired_goal"])
        return reward, False, False, {"is_success": success}


def distance(achieved: Array, desired: Array) -> Array:
    """Euclidean distances `(...)` of points `(..., n)`."""
    return np.asarray(np.linalg.norm(achieved - desired, axis=-1))


def reach(distance: Array, threshold: float, reward_type: str) -> tuple[Array, NDArray[np.bool_]]:
    """Rewards and successes `(...)` of being `distance` from a goal: sparse, or minus the distance."""
    reward = -distance if reward_type == "dense" else np.where(distance > threshold, -1.0, 0.0)
    return reward, distance < threshold


def _box(size: int) -> gymnasium.spaces.Box:
    return gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float64)
