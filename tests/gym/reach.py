"""Goal environments as a user writes them: registered with gymnasium, and no plugin."""

from __future__ import annotations

import threading
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Reach(gymnasium.Env[Any, Any]):
    """A point is moved to a goal. Its `compute_reward` is for single goals only."""

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012

    def __init__(self, needs_info: bool = False, bonus: float = 0.0) -> None:
        point = spaces.Box(-1.0, 1.0, (2,), np.float64)
        self.observation_space = spaces.Dict(observation=point, achieved_goal=point, desired_goal=point)
        self.action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.needs_info, self.bonus = needs_info, bonus

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.at, self.goal = self.np_random.uniform(-1, 1, 2), self.np_random.uniform(-1, 1, 2)
        return self._observe(), {}

    def step(self, action: Any) -> Any:
        self.at = np.clip(self.at + 0.2 * np.asarray(action, np.float64), -1, 1)
        reward = self.compute_reward(self.at, self.goal, {"radius": 0.15})
        return self._observe(), reward, False, False, {"is_success": np.bool_(reward == self.bonus)}

    def compute_reward(self, achieved: Any, desired: Any, info: Any) -> float:
        radius = info["radius"] if self.needs_info else 0.15
        return self.bonus - float(np.linalg.norm(achieved - desired) > radius)

    def _observe(self) -> dict[str, Any]:
        return {
            "observation": self.at.copy(),
            "achieved_goal": self.at.copy(),
            "desired_goal": self.goal.copy(),
        }


class Connected(Reach):
    """Holds something that cannot be saved."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = threading.Lock()


class Aliased(Reach):
    """Its position is a view of its whole state."""

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        super().reset(seed=seed)
        self.state = np.concatenate([self.at, self.goal])
        self.position = self.state[:2]
        return self._observe(), {}


class Simulator(Connected):
    """Says itself what its state is."""

    def get_state(self) -> Any:
        return {"at": self.at, "goal": self.goal, "random": self.np_random.bit_generator.state}

    def set_state(self, state: Any) -> None:
        self.at, self.goal = state["at"], state["goal"]
        self.np_random = np.random.default_rng()
        self.np_random.bit_generator.state = state["random"]


for _cls in (Reach, Connected, Aliased, Simulator):
    gymnasium.register(f"tests/{_cls.__name__}-v0", entry_point=_cls, max_episode_steps=20)
