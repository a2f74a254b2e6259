"""One environment of a `VectorEnv`, as `gymnasium.Env`."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

from framework.sim.arrays import State
from framework.sim.vector_env import VectorEnv


class SingleEnv(gymnasium.Env[Any, Any]):
    """A batch of one, without the leading axis, for trainers that want single environments.

    Args:
        vector: a `VectorEnv` with `num_envs` 1, autoreset disabled and no time limit
            (`gymnasium.make` adds its own).
        render_mode: None or "rgb_array".
    """

    # gymnasium.make reads the modes from the class.
    metadata: dict[str, Any] = {"render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, vector: VectorEnv, render_mode: str | None = None) -> None:
        self.vector = vector
        self.metadata = {**self.metadata, "render_fps": vector.metadata["render_fps"]}
        self.observation_space = vector.single_observation_space
        self.action_space = vector.single_action_space
        self.render_mode = render_mode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode; with a seed, the same one every time."""
        if seed is not None:
            super().reset(seed=seed)  # refuses what is not a seed
        observation, info = self.vector.reset(seed=None if seed is None else [seed], options=options)
        # The stream that resets are drawn from is this environment's generator.
        self._np_random = self.vector.streams.generators[0]
        return _first(observation), _first(info)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Apply one action, `single_action_space.shape`."""
        observation, reward, terminated, truncated, info = self.vector.step(np.asarray(action)[None])
        return _first(observation), float(reward[0]), bool(terminated[0]), bool(truncated[0]), _first(info)

    def render(self) -> Any:
        """A frame, `(height, width, 3)` uint8, if `render_mode` is "rgb_array"."""
        return self.vector.render([0])[0] if self.render_mode == "rgb_array" else None

    def get_state(self) -> State:
        """Everything the next steps depend on; see `VectorEnv.get_state`."""
        return self.vector.get_state()

    def set_state(self, state: State) -> None:
        """Continue from what `get_state` returned."""
        self.vector.set_state(state)

    def close(self) -> None:
        self.vector.close()


def _first(batched: Any) -> Any:
    if not isinstance(batched, dict):
        return batched[0]
    # Underscored keys say which environments an info is for; here there is one.
    return {key: value[0] for key, value in batched.items() if not key.startswith("_")}
