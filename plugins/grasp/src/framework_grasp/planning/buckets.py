"""Buckets: grasps as whole numbers, one per dimension."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

#: The dimension that goes round: the fingers are equal, so that a hand turned by half a turn is the same.
YAW = 3
HALF_TURN = math.pi


def canonical(grasps: Tensor) -> Tensor:
    """The same grasps `(..., d)` with yaw from -pi/2 to pi/2: x, y, z, yaw, and maybe pitch and roll.

    Half a turn more of yaw is undone by the opposite pitch and roll.
    """
    turns = torch.floor(grasps[..., YAW : YAW + 1] / HALF_TURN + 0.5)
    yaw = grasps[..., YAW : YAW + 1] - turns * HALF_TURN
    sign = 1 - 2 * torch.remainder(turns, 2)
    return torch.cat([grasps[..., :YAW], yaw, grasps[..., YAW + 1 :] * sign], dim=-1)


class Buckets(nn.Module):
    """Cuts a box of grasps into equal buckets along every dimension (section III-B of the paper).

    Args:
        low: lower ends, one per dimension: x, y, z in m, then angles in rad.
        high: upper ends.
        counts: buckets per dimension.

    Attributes:
        counts: buckets per dimension.
        log_volume: of a bucket; log(m³ rad) in four dimensions.
    """

    low: Tensor
    high: Tensor

    def __init__(self, low: Sequence[float], high: Sequence[float], counts: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("low", torch.tensor(low, dtype=torch.float32))
        self.register_buffer("high", torch.tensor(high, dtype=torch.float32))
        self.counts = tuple(counts)
        self.log_volume = sum(math.log((b - a) / n) for a, b, n in zip(low, high, self.counts, strict=True))

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def width(self) -> Tensor:
        """Of one bucket, `(d,)`."""
        return (self.high - self.low) / torch.tensor(self.counts, device=self.low.device)

    def inside(self, grasps: Tensor) -> Tensor:
        """Whether grasps `(..., d)` are in the box, `(...)`."""
        found = canonical(grasps)
        return ((found >= self.low) & (found <= self.high)).all(dim=-1)

    def clamped(self, grasps: Tensor) -> Tensor:
        """The same grasps `(..., d)`, those outside moved to the edge of the box."""
        return torch.minimum(torch.maximum(canonical(grasps), self.low), self.high)

    def encode(self, grasps: Tensor) -> Tensor:
        """Numbers of the buckets `(..., d)` of grasps `(..., d)`; those outside get the nearest."""
        place = (self.clamped(grasps) - self.low) / self.width
        return torch.minimum(place.long(), torch.tensor(self.counts, device=grasps.device) - 1)

    def decode(self, numbers: Tensor, within: Tensor | float = 0.5) -> Tensor:
        """Grasps `(..., d)` in buckets `(..., d)`.

        Args:
            numbers: of the buckets.
            within: the place in each, 0 to 1; by default its centre.
        """
        return self.low + (numbers + within) * self.width
