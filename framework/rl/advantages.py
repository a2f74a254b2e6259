"""Advantages and returns of fragments: one GAE and one n-step sum.

Everything is `(T, *batch)`: `(T, N)` or `(T, N, agents)`. Nothing is summed over the end of an
episode or of the fragment; there the value of what the step led to stands in for the
rest, `next_value`, which at time limits is that of the true final observation.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


def gae(
    reward: Tensor,
    value: Tensor,
    next_value: Tensor,
    terminated: Tensor,
    truncated: Tensor,
    *,
    gamma: float,
    lam: float,
) -> Tensor:
    """Generalised advantage estimates (Schulman et al. 2016, equation 16).

    Args:
        reward: of each step.
        value: of the observation before each step.
        next_value: of the observation each step led to, before any reset; read wherever
            `terminated` is False.
        terminated: whether the step led to a terminal state.
        truncated: whether the episode was cut off after the step.
        gamma: discount per step.
        lam: 0 for one-step temporal differences, 1 for Monte Carlo returns.

    Returns:
        The advantages; with `value` added, targets for the value (TD(lambda)).
    """
    delta = reward + gamma * next_value.masked_fill(terminated, 0) - value
    decay = gamma * lam * (~(terminated | truncated)).to(delta.dtype)
    advantage = torch.empty_like(delta)
    after = torch.zeros_like(delta[0])
    for t in reversed(range(len(delta))):
        advantage[t] = after = delta[t] + decay[t] * after
    return advantage


class NStep(NamedTuple):
    """Sums over the next steps.

    Attributes:
        reward: sum of `gamma^k` times the k-th next reward, over the `steps` next steps.
        steps: int64, between 1 and n; the last of them is row `t + steps - 1`, and what it led
            to is discounted by `gamma^steps`.
    """

    reward: Tensor
    steps: Tensor


def n_step(reward: Tensor, cut: Tensor, *, gamma: float, n: int) -> NStep:
    """Sum discounted rewards over at most n steps, no further than the first `cut`.

    Args:
        reward: of each step.
        cut: whether nothing after the step belongs to it; the last row always is cut.
        gamma: discount per step.
        n: at least 1.
    """
    total, steps = torch.zeros_like(reward), torch.zeros_like(reward, dtype=torch.int64)
    going = torch.ones_like(cut)
    for k in range(min(n, len(reward))):
        rows = slice(len(reward) - k)
        # Not a product: what lies behind a cut need not be a number.
        total[rows] += gamma**k * reward[k:].where(going[rows], 0)
        steps[rows] += going[rows]
        going[rows] &= ~cut[k:]
    return NStep(total, steps)
