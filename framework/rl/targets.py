"""Target networks: copies that follow, slowly, a network that learns."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def frozen_copy(module: Module) -> Module:
    """A copy of its own that takes no gradients."""
    return copy.deepcopy(module).requires_grad_(False)


@torch.no_grad()
def polyak_update(target: Sequence[Tensor], source: Sequence[Tensor], tau: float) -> None:
    """Set target to tau source + (1 - tau) target (Lillicrap et al. 2015, algorithm 1).

    Args:
        target: the parameters that move; `list(network.parameters())`, best made once.
        source: those they follow, in the same order.
        tau: 0 leaves the target as it is, 1 copies the source.
    """
    torch._foreach_lerp_(list(target), list(source), tau)
