"""Sampling and search in a distribution that is factorised dimension by dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Conditionals(Protocol):
    """p(first), p(second | first), ...: what a factorised distribution is made of, for b scenes.

    Attributes:
        counts: values that each dimension takes.
        scenes: how many scenes, b.
    """

    counts: Sequence[int]
    scenes: int

    def log_probability(self, prefix: Tensor) -> Tensor:
        """Log-probabilities `(b, n, counts[k])` of dimension k after prefixes `(b, n, k)`."""
        ...


class Found(NamedTuple):
    """Whole sequences.

    Attributes:
        numbers: `(b, n, d)`.
        log_probability: `(b, n)`.
    """

    numbers: Tensor
    log_probability: Tensor


def beam(conditionals: Conditionals, width: int, device: torch.device | None = None) -> Found:
    """The likeliest sequences that a beam finds, best first.

    A beam as wide as there are sequences finds them all; of width 1 it is greedy. In between
    the beam may lose the best one.

    Args:
        conditionals: the distribution.
        width: prefixes kept after each dimension; fewer where there are not so many.
        device: of the numbers.
    """
    b = conditionals.scenes
    numbers = torch.zeros((b, 1, 0), dtype=torch.long, device=device)
    total = torch.zeros((b, 1), device=device)
    for count in conditionals.counts:
        longer = total[..., None] + conditionals.log_probability(numbers)
        kept = longer.flatten(1).topk(min(width, longer[0].numel()), dim=1)
        total, parent = kept.values, kept.indices // count
        before = numbers.gather(1, parent[..., None].expand(-1, -1, numbers.shape[2]))
        numbers = torch.cat([before, (kept.indices % count)[..., None]], dim=2)
    return Found(numbers, total)


def sample(
    conditionals: Conditionals,
    count: int,
    generator: torch.Generator | None = None,
    device: torch.device | None = None,
) -> Found:
    """Independent samples, dimension by dimension.

    Args:
        conditionals: the distribution.
        count: samples of each scene.
        generator: on the CPU.
        device: of the numbers.
    """
    numbers = torch.zeros((conditionals.scenes, count, 0), dtype=torch.long, device=device)
    total = torch.zeros((conditionals.scenes, count), device=device)
    for _ in conditionals.counts:
        logs = conditionals.log_probability(numbers)
        # The inverse of the distribution function: one random number per draw, whatever the device.
        at = torch.rand((*logs.shape[:2], 1), generator=generator).to(logs.device)
        reached = logs.exp().cumsum(dim=-1)
        drawn = torch.searchsorted(reached, at * reached[..., -1:], right=True)
        drawn = drawn.clamp_(max=logs.shape[-1] - 1)
        total = total + logs.gather(2, drawn)[..., 0]
        numbers = torch.cat([numbers, drawn], dim=2)
    return Found(numbers, total)
