"""Networks that stand still, or follow slowly, while another learns."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def frozen_copy(module: Module) -> Module:
    """A copy of its own that takes no gradients."""
    return copy.deepcopy(module).requires_grad_(False)


class Follower:
    """Moves the parameters of one network towards those of another.

    Args:
        target: what moves.
        source: what it follows; of the same shape.
    """

    def __init__(self, target: nn.Module, source: nn.Module) -> None:
        self.targets: list[Tensor] = list(target.parameters())
        self.sources: list[Tensor] = list(source.parameters())

    @torch.no_grad()
    def __call__(self, tau: float) -> None:
        """Set target to tau source + (1 - tau) target (Lillicrap et al. 2015, algorithm 1)."""
        torch._foreach_lerp_(self.targets, self.sources, tau)
