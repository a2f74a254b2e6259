"""Multilayer perceptrons, alone and several at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn


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


class _Linear(nn.Module):
    """A linear layer of each member: `(members, batch, in)` to `(members, batch, out)`."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach() for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach() for layer in layers])[:, None])

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x, self.weight.mT)


class Ensemble(nn.Sequential):
    """Several perceptrons of one shape, answering in one batched product per layer.

    Each starts with random weights of its own. `(batch, inputs)` gives `(members, batch, outputs)`.

    Args:
        members: how many.
        inputs, hidden, outputs: of each; see `mlp`.
    """

    Linear = _Linear

    def __init__(self, members: int, inputs: int, hidden: Sequence[int], outputs: int) -> None:
        layers = zip(*(mlp(inputs, hidden, outputs) for _ in range(members)), strict=True)
        super().__init__(*(_Linear(each) if isinstance(each[0], nn.Linear) else each[0] for each in layers))
        self.members = members

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.expand(self.members, *x.shape[-2:]))  # type: ignore[no-any-return, no-untyped-call]
