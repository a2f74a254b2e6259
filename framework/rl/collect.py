"""Step an environment with a policy and cut what happens into whole episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from framework.errors import UserError
from framework.rl.vector import Array, final_info, final_observation, require_same_step

#: Actions in [-1, 1] for a batch of observations, with whatever exploration is wanted.
Behaviour: TypeAlias = Callable[[Mapping[str, Array]], Array]


@dataclass(frozen=True)
class Episode:
    """One finished episode of T steps.

    Attributes:
        steps: one float32 array per field, `(T + 1, ...)`. Row t holds the observation before
            action t; the last row holds the final observation, and zeros for what happens
            during a step (action, reward).
        terminated: whether it ended in a terminal state, rather than being cut off.
        success: whether its last step was one; False where the environment does not say.
    """

    steps: Mapping[str, Array]
    terminated: bool
    success: bool

    def __len__(self) -> int:
        return len(next(iter(self.steps.values()))) - 1

    @property
    def ret(self) -> float:
        """Undiscounted return."""
        return float(self.steps["reward"].sum())


class EpisodeCollector:
    """Steps one batched environment and hands out the episodes that end.

    Episodes still running stay here until they end; `state_dict` holds them together with
    the environment's own state.

    Args:
        environment: a `VectorEnv` with dict observations and a bounded `Box` of actions
            `(n,)`, SAME_STEP autoreset, and `get_state`/`set_state` if it is to be resumed.
        seed: of the first reset.
        longest: steps after which a running episode is an error.

    Raises:
        UserError: the environment resets in another way.
    """

    def __init__(self, environment: Any, seed: int, longest: int = 100_000) -> None:
        require_same_step(environment)
        self.environment = environment
        self.longest = longest
        box = environment.single_action_space
        self._centre = (box.high + box.low) / 2
        self._reach = (box.high - box.low) / 2
        self._all = np.arange(environment.num_envs)
        self._seed: int | None = seed
        self._observation: dict[str, Array] = {}
        self._length = np.zeros(environment.num_envs, np.int64)
        self._running: dict[str, Array] = {}

    def collect(self, steps: int, behaviour: Behaviour) -> list[Episode]:
        """Take `steps` steps in every environment; return the episodes that ended, in order."""
        environment, ended = self.environment, []
        if self._seed is not None:
            self._observation, _ = environment.reset(seed=self._seed)
            self._seed = None
        for _ in range(steps):
            action = behaviour(self._observation)
            observation, reward, terminated, truncated, info = environment.step(self.to_environment(action))
            self._write(self._observation | {"action": action, "reward": reward})
            self._length += 1
            done = np.flatnonzero(terminated | truncated)
            if len(done):
                final = final_observation(observation, info)
                assert isinstance(final, Mapping)
                nothing = {"action": np.zeros_like(action), "reward": np.zeros_like(reward)}
                self._write({**final, **nothing})
                success = final_info("is_success", info, np.zeros(len(self._all), np.bool_))
                ended += [self._cut(int(i), bool(terminated[i]), bool(success[i])) for i in done]
                self._length[done] = 0
            self._observation = observation
        return ended

    def to_environment(self, action: Array) -> Array:
        """Actions in [-1, 1] as the environment takes them."""
        return np.asarray(self._centre + self._reach * action)

    def state_dict(self) -> dict[str, Any]:
        """Everything the next steps depend on, the environment's state included."""
        return {
            "environment": self.environment.get_state(),
            "seed": self._seed,
            "observation": {key: value.copy() for key, value in self._observation.items()},
            "length": self._length.copy(),
            "running": {key: value[:, : self._length.max()].copy() for key, value in self._running.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.environment.set_state(state["environment"])
        self._seed = state["seed"]
        self._observation = {key: value.copy() for key, value in state["observation"].items()}
        self._length = state["length"].copy()
        self._running = {key: value.copy() for key, value in state["running"].items()}

    def _write(self, fields: Mapping[str, Array]) -> None:
        """Write one row of every running episode at its current length."""
        longest = int(self._length.max())
        if longest > self.longest:
            raise UserError(
                f"an episode of {type(self.environment).__name__} runs for more than {self.longest} steps\n"
                "  only whole episodes can be replayed: give the environment a time limit"
            )
        for key, value in fields.items():
            held = self._running.get(key)
            if held is None or longest >= held.shape[1]:
                grown = np.zeros((len(self._all), max(64, 2 * longest), *value.shape[1:]), np.float32)
                if held is not None:
                    grown[:, : held.shape[1]] = held
                self._running[key] = held = grown
            held[self._all, self._length] = value

    def _cut(self, i: int, terminated: bool, success: bool) -> Episode:
        rows = slice(self._length[i] + 1)
        steps = {key: value[i, rows].copy() for key, value in self._running.items()}
        return Episode(steps, terminated, success)
