from __future__ import annotations

import torch
from torch import nn

from framework.rl.mlp import mlp


def test_layers_have_the_sizes_and_the_activation_asked_for():
    network = mlp(5, (16, 8), 3, nn.Tanh)
    assert [type(layer).__name__ for layer in network] == ["Linear", "Tanh", "Linear", "Tanh", "Linear"]
    assert network(torch.zeros(2, 5)).shape == (2, 3)
    assert [type(layer) for layer in mlp(5, (), 3)] == [nn.Linear]
