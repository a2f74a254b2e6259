"""Moving averages of weights."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


class Averages(nn.Module):
    """Exponential moving averages of a module's parameters, one for each decay.

    The averages begin young: after n steps a decay counts as at most (1 + n) / (10 + n), so
    that the random beginning does not stay in them. They are parameters that ask for no
    gradient, so that they travel in checkpoints and between devices. (torch's `AveragedModel`
    holds one average, and takes the first weights it sees as they are, not as the beginning.)

    Args:
        module: what is averaged.
        decays: each in 0..1.
    """

    decay: torch.Tensor
    updates: torch.Tensor

    def __init__(self, module: nn.Module, decays: Sequence[float]) -> None:
        super().__init__()
        self.decays = tuple(decays)
        self.copies = nn.ModuleList(copy.deepcopy(module).requires_grad_(False).eval() for _ in decays)
        # In the state too, so that a checkpoint says what its copies are.
        self.register_buffer("decay", torch.tensor(self.decays, dtype=torch.float64))
        self.register_buffer("updates", torch.zeros((), dtype=torch.int64))

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Follow the module by one step."""
        self.updates += 1
        n = int(self.updates)
        current = [p.detach() for p in module.parameters()]
        for decay, average in zip(self.decays, self.copies, strict=True):
            rate = 1 - min(decay, (1 + n) / (10 + n))
            torch._foreach_lerp_(list(average.parameters()), current, rate)
            for mine, theirs in zip(average.buffers(), module.buffers(), strict=True):
                mine.copy_(theirs)

    def of(self, decay: float) -> nn.Module:
        """The module that holds the average of this decay."""
        return self.copies[self.decays.index(decay)]

    def train(self, mode: bool = True) -> Averages:
        """Averages are only ever looked at."""
        return super().train(False)

    def forward(self, *args: Any) -> Any:
        raise TypeError("call one of the copies")


def averaged_weights(state: Mapping[str, torch.Tensor], plain: str) -> dict[str, torch.Tensor]:
    """What a checkpoint is used with: the slowest average's weights, if it has `averages`.

    Args:
        state: the state dict of an algorithm that keeps its `Averages` under that name.
        plain: where the weights are without averages, such as "model.".
    """
    decays = state.get("averages.decay")
    averaged = decays is not None and len(decays) > 0
    prefix = f"averages.copies.{int(decays.argmax())}." if averaged and decays is not None else plain
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
