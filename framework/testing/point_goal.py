"""The smallest environment with goals: a point that can be pushed around in a box.

It needs no simulator and learns in seconds: a first environment for tests of algorithms.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

Array = NDArray[Any]


class PointGoal(gymnasium.vector.VectorEnv[dict[str, Array], Array, Array]):
    """Move a point in [-1, 1]^dims to a goal; -1 per step away from it, 0 at it.

    Args:
        num_envs: points moved together.
        dims: coordinates of a point.
        horizon: steps after which an episode is truncated; a sequence gives each
            environment its own.
        radius: distance at which the goal is reached.
        speed: distance an action of 1 moves a point.
        ends_at_goal: whether reaching the goal terminates the episode.
    """

    def __init__(
        self,
        num_envs: int = 8,
        dims: int = 2,
        horizon: int | tuple[int, ...] = 20,
        radius: float = 0.15,
        speed: float = 0.2,
        ends_at_goal: bool = False,
    ) -> None:
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": [], "render_fps": 25}
        self.num_envs, self.radius, self.speed = num_envs, radius, speed
        self.horizon = np.broadcast_to(horizon, num_envs)
        point = gymnasium.spaces.Box(-1.0, 1.0, (dims,), np.float64)
        self.single_observation_space = gymnasium.spaces.Dict(
            {"observation": point, "achieved_goal": point, "desired_goal": point}
        )
        self.single_action_space = gymnasium.spaces.Box(-1.0, 1.0, (dims,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.ends_at_goal = ends_at_goal
        self._random = np.random.default_rng()
        self._point, self._goal = np.zeros((2, num_envs, dims))
        self._elapsed = np.zeros(num_envs, np.int64)

    def reset(
        self, *, seed: int | Any = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        if seed is not None:
            self._random = np.random.default_rng(seed)
        self._start(np.arange(self.num_envs))
        return self._observe(), {}

    def step(self, actions: Array) -> tuple[dict[str, Array], Array, Array, Array, dict[str, Any]]:
        self._point = np.clip(self._point + self.speed * np.clip(actions, -1, 1), -1, 1)
        self._elapsed += 1
        observation = self._observe()
        reward = self.compute_reward(observation["achieved_goal"], observation["desired_goal"])
        reached = reward == 0
        terminated = reached if self.ends_at_goal else np.zeros(self.num_envs, np.bool_)
        truncated = (self._elapsed >= self.horizon) & ~terminated
        info: dict[str, Any] = {"is_success": reached, "_is_success": np.ones(self.num_envs, np.bool_)}
        ended = np.flatnonzero(terminated | truncated)
        if len(ended):
            final = np.full(self.num_envs, None, dtype=object)
            for i in ended:
                final[i] = {key: value[i] for key, value in observation.items()}
            info |= {"final_obs": final, "_final_obs": terminated | truncated}
            self._start(ended)
            observation = self._observe()
        return observation, reward, terminated, truncated, info

    def compute_reward(self, achieved: Array, desired: Array, info: Any = None) -> Array:
        """0 where `achieved` is within the radius of `desired`, else -1; `(...)`."""
        return np.asarray(-(np.linalg.norm(achieved - desired, axis=-1) > self.radius).astype(np.float64))

    def compute_terminated(self, achieved: Array, desired: Array, info: Any = None) -> Array:
        """Whether such a step ends the episode; `(...)` bool."""
        return np.asarray((self.compute_reward(achieved, desired) == 0) & self.ends_at_goal)

    def get_state(self) -> dict[str, Any]:
        return {
            "point": self._point.copy(),
            "goal": self._goal.copy(),
            "elapsed": self._elapsed.copy(),
            "random": self._random.bit_generator.state,
        }

    def set_state(self, state: Mapping[str, Any]) -> None:
        self._point, self._goal = state["point"].copy(), state["goal"].copy()
        self._elapsed = state["elapsed"].copy()
        self._random = np.random.default_rng()
        self._random.bit_generator.state = state["random"]

    def _start(self, ids: Array) -> None:
        self._point[ids], self._goal[ids] = self._random.uniform(-1, 1, (2, len(ids), self._point.shape[1]))
        self._elapsed[ids] = 0

    def _observe(self) -> dict[str, Array]:
        point = self._point.copy()
        return {"observation": point, "achieved_goal": point, "desired_goal": self._goal.copy()}
