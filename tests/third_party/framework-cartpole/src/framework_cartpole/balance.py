"""The environment: gymnasium's batched cart and pole, whose state can be kept."""

from typing import Any

from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

from framework_cartpole.config import BalanceConfig


class Balance(CartPoleVectorEnv):
    """Observations `(num_envs, 4)` float32, actions `(num_envs,)` 0 or 1, reward 1 per step."""

    def get_state(self) -> dict[str, Any]:
        return {
            "state": self.state.copy(),
            "steps": self.steps.copy(),
            "prev_done": self.prev_done.copy(),
            "generator": self.np_random.bit_generator.state,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        self.state = state["state"].copy()
        self.steps = state["steps"].copy()
        self.prev_done = state["prev_done"].copy()
        self.np_random.bit_generator.state = state["generator"]


def make(config: BalanceConfig) -> Balance:
    return Balance(num_envs=config.num_envs, max_episode_steps=config.max_episode_steps)
