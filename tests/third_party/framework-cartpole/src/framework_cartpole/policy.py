"""The model: from observations to a score for each action."""

import torch
from torch import nn

from framework_cartpole.config import PolicyConfig


class Policy(nn.Sequential):
    """Map observations `(batch, 4)` to logits `(batch, 2)`; sizes come from the spaces."""

    def __init__(self, environment, config: PolicyConfig) -> None:
        inputs = environment.single_observation_space.shape[0]
        actions = int(environment.single_action_space.n)
        super().__init__(nn.Linear(inputs, config.hidden), nn.Tanh(), nn.Linear(config.hidden, actions))

    def best(self, observation) -> torch.Tensor:
        """The most probable action of each observation, `(batch,)`."""
        return self(torch.as_tensor(observation)).argmax(dim=-1)
