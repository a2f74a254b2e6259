"""Multilayer perceptrons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import nn


def mlp(
    inputs: int, hidden: Sequence[int], outputs: int, activation: Callable[[], nn.Module] = nn.ReLU
) -> nn.Sequential:
    """Linear layers with an activation between them; `(batch, inputs)` to `(batch, outputs)`.

    Args:
        inputs: numbers in an input.
        hidden: units of the hidden layers; none makes it linear.
        outputs: numbers in an answer.
        activation: makes the module that follows each hidden layer, such as `nn.Tanh`.
    """
    sizes = [inputs, *hidden]
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), activation()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], outputs))
