"""Step an environment with a policy and cut what happens into whole episodes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import gymnasium
import numpy as np

from framework.errors import UserError
from framework.rl.collect.watcher import Watcher
from framework.rl.vector import (
    Array,
    Observation,
    final_info,
    final_observation,
    require_same_step,
    state_of,
    warn_if_unsaved,
)

#: Actions for a batch of observations, with whatever exploration is wanted; in [-1, 1] where
#: the environment's are a bounded box.
Behaviour: TypeAlias = Callable[[Any], Array]


@dataclass(frozen=True)
class Episode:
    """One finished episode of T steps.

    Attributes:
        steps: one array per field, `(T + 1, ...)`: "action", "reward", and the keys of a dict
            observation, else "observation". Row t holds the observation before action t; the
            last row holds the final observation, and zeros for what happens during a step
            (action, reward). float64 is kept as float32, every other type as it is.
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
        environment: a `VectorEnv` with SAME_STEP autoreset, observations of any space or a dict
            of such, and `get_state`/`set_state` if a resumed training is to go on the same.
        seed: of the first reset.
        longest: steps after which a running episode is an error.

    Attributes:
        watcher: who looks on, if anybody.

    Raises:
        UserError: the environment resets in another way, or has observations that are nested
            deeper, or called "action" or "reward".
    """

    def __init__(self, environment: Any, seed: int, longest: int = 100_000) -> None:
        require_same_step(environment)
        self.watcher: Watcher | None = None
        self.environment = environment
        self.longest = longest
        _require_flat(environment)
        box = environment.single_action_space
        self._bounded = isinstance(box, gymnasium.spaces.Box) and box.is_bounded()
        if self._bounded:
            self._centre = (box.high + box.low) / 2
            self._reach = (box.high - box.low) / 2
        self._all = np.arange(environment.num_envs)
        self._first_seed, self._steps = seed, 0
        self._seed: int | None = seed
        self._observation: Observation = {}
        self._length = np.zeros(environment.num_envs, np.int64)
        self._running: dict[str, Array] = {}

    def collect(self, steps: int, behaviour: Behaviour) -> list[Episode]:
        """Take `steps` steps in every environment; return the episodes that ended, in order."""
        environment, ended = self.environment, []
        if self._seed is not None:
            self._observation, _ = environment.reset(seed=self._seed)
            self._seed = None
            warn_if_unsaved(environment)
            if self.watcher is not None:
                self.watcher.started()
        self._steps += steps
        for _ in range(steps):
            action = behaviour(self._observation)
            # Before the step, which may put the next observation into the same arrays.
            self._write({**_fields(self._observation), "action": action})
            observation, reward, terminated, truncated, info = environment.step(self.to_environment(action))
            self._write({"reward": reward})
            self._length += 1
            done = np.flatnonzero(terminated | truncated)
            if len(done):
                final = _fields(final_observation(observation, info))
                self._write({**final, "action": np.zeros_like(action), "reward": np.zeros_like(reward)})
                success = final_info("is_success", info, np.zeros(len(self._all), np.bool_))
                ended += [self._cut(int(i), bool(terminated[i]), bool(success[i])) for i in done]
                self._length[done] = 0
            self._observation = observation
            if self.watcher is not None:
                self.watcher.stepped(reward, terminated, truncated, info)
        return ended

    def to_environment(self, action: Array) -> Array:
        """Actions of a `Behaviour` as the environment takes them: scaled to its bounds, if it has any."""
        return np.asarray(self._centre + self._reach * action) if self._bounded else action

    def state_dict(self) -> dict[str, Any]:
        """Everything the next steps depend on, the environment's state included."""
        watched = {} if self.watcher is None else {"watcher": self.watcher.state_dict()}
        return {
            **watched,
            "environment": state_of(self.environment),
            "seed": self._seed,
            "steps": self._steps,
            "observation": copy.deepcopy(self._observation),
            "length": self._length.copy(),
            "running": {key: value[:, : self._length.max()].copy() for key, value in self._running.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self._steps = state["steps"]
        if state["environment"] is None:
            new = np.random.SeedSequence([self._first_seed, self._steps])
            self._seed, self._running = int(new.generate_state(1)[0]), {}
            self._length[:] = 0
            return
        self.environment.set_state(state["environment"])
        self._seed = state["seed"]
        self._observation = copy.deepcopy(state["observation"])
        self._length = state["length"].copy()
        self._running = {key: value.copy() for key, value in state["running"].items()}
        if self.watcher is not None and "watcher" in state:
            self.watcher.load_state_dict(state["watcher"])

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
                dtype = np.float32 if value.dtype == np.float64 else value.dtype
                grown = np.zeros((len(self._all), max(64, 2 * longest), *value.shape[1:]), dtype)
                if held is not None:
                    grown[:, : held.shape[1]] = held
                self._running[key] = held = grown
            held[self._all, self._length] = value

    def _cut(self, i: int, terminated: bool, success: bool) -> Episode:
        rows = slice(self._length[i] + 1)
        steps = {key: value[i, rows].copy() for key, value in self._running.items()}
        return Episode(steps, terminated, success)


def _fields(observation: Observation) -> Mapping[str, Array]:
    return observation if isinstance(observation, Mapping) else {"observation": observation}


def _require_flat(environment: Any) -> None:
    space = environment.single_observation_space
    parts = space.spaces if isinstance(space, gymnasium.spaces.Dict) else {"observation": space}
    nested = any(isinstance(part, (gymnasium.spaces.Dict, gymnasium.spaces.Tuple)) for part in parts.values())
    if nested or {"action", "reward"} & set(parts):
        raise UserError(
            f"{type(environment).__name__} has observations {space}\n"
            "  episodes are kept of arrays, or of a dict of arrays none of which is called action or reward"
        )
