"""Random network distillation: what a network foretells badly it has seldom seen (Burda et al. 2019)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from framework.rl.mlp import mlp
from framework.rl.normalizer import Normalizer


class RandomNetwork(nn.Module):
    """A network that learns what another one, which is random and stays as it is, says of states.

    Args:
        size: numbers of a state.
        features: numbers that the random network says.
        hidden: units in each hidden layer of both.

    Attributes:
        learner: what learns.
    """

    def __init__(self, size: int, features: int, hidden: tuple[int, ...]) -> None:
        super().__init__()
        # Section 2.4: of states that differ little in scale a random network says little.
        self.scale = Normalizer(size, input_clip=math.inf)
        self.random, self.learner = (mlp(size, hidden, features) for _ in range(2))
        for parameter in self.random.parameters():
            parameter.requires_grad_(False)

    def update(self, states: Tensor) -> None:
        """Count states `(*batch, size)` for scaling those to come."""
        self.scale.update(states.reshape(-1, states.shape[-1]))

    def forward(self, states: Tensor) -> Tensor:
        """How badly states `(*batch, size)` are foretold, `(*batch)`: the mean squared error."""
        scaled = self.scale(states)
        with torch.no_grad():
            told = self.random(scaled)
        return (self.learner(scaled) - told).square().mean(-1)  # type: ignore[no-any-return]
