"""Networks that stand still, or follow slowly, while another learns."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import Tensor, nn

Module = TypeVar("Module", bound=nn.Module)


def frozen_copy(module: Module) -> Module:
    """A copy of its own that takes no gradients."""
    return copy.deepcopy(module).requires_grad_(False)


@torch.no_grad()
def follow(targets: Iterable[Tensor], sources: Iterable[Tensor], tau: float) -> None:
    """Move targets by the fraction `tau` towards their sources, in one fused operation.

    Lillicrap et al. 2015, algorithm 1: target <- tau source + (1 - tau) target.
    """
    torch._foreach_lerp_(list(targets), list(sources), tau)


@contextmanager
def constant(module: nn.Module) -> Iterator[None]:
    """Let gradients flow through a module, but not into its parameters."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)
