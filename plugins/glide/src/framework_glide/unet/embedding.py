"""Sines and cosines of a timestep."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def timestep_embedding(timesteps: Tensor, width: int, longest: float = 10_000.0) -> Tensor:
    """Embed timesteps as cosines, then sines, of falling frequencies.

    Args:
        timesteps: `(b,)`, the original ones, 0..999, whole or not.
        width: of the embedding; an odd one ends with a zero.
        longest: the slowest sine has nearly so many times the period of the fastest.

    Returns:
        `(b, width)` float32.
    """
    half = width // 2
    steps = torch.arange(half, dtype=torch.float32, device=timesteps.device)
    # In this order: at t = 999 another rounding of the frequency moves an angle by 1e-4.
    angles = timesteps[:, None].float() * torch.exp(-math.log(longest) * steps / half)
    parts = [angles.cos(), angles.sin()]
    if width % 2:
        parts.append(torch.zeros_like(angles[:, :1]))
    return torch.cat(parts, dim=1)
