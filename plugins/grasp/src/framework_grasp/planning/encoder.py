"""DepthEncoder: features of depth views, everywhere on the table and of the whole scene."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Reliefs are seen in this unit, m: objects are some of it high.
UNIT = 0.05

#: Groups of the normalisation, which the numbers of channels are multiples of.
GROUPS = 4


class Encoded(NamedTuple):
    """What an encoder reads.

    Attributes:
        map: `(b, c, h / 4, w / 4)`, aligned with the first view.
        whole: `(b, g)`, of all views together.
    """

    map: Tensor
    whole: Tensor


def seen(relief: Tensor) -> Tensor:
    """Heights `(b, h, w)` in m, NaN where nothing is measured, and where they are known: `(b, 2, h, w)`."""
    known = torch.isfinite(relief)
    return torch.stack([torch.where(known, relief, 0.0).clamp(-0.1, 0.4) / UNIT, known.float()], dim=1)


class Block(nn.Sequential):
    """A convolution, normalised."""

    def __init__(self, inside: int, outside: int, stride: int = 1, kernel: int = 3) -> None:
        super().__init__(
            nn.Conv2d(inside, outside, kernel, stride, padding=1), nn.GroupNorm(GROUPS, outside), nn.SiLU()
        )


class Residual(nn.Module):
    """Two convolutions, added to what goes in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.blocks = nn.Sequential(Block(channels, channels), Block(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        deeper: Tensor = self.blocks(x)
        return x + deeper


class Down(nn.Module):
    """From a view to features at a quarter of its resolution, and at a half and a quarter of that."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        # Where a pixel is: a hand's reach is not the same everywhere.
        self.fine = Block(4, channels, 4, kernel=6)
        self.middle = nn.Sequential(Block(channels, 2 * channels, 2), Residual(2 * channels))
        self.coarse = nn.Sequential(Block(2 * channels, 4 * channels, 2), Residual(4 * channels))

    def forward(self, relief: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        b, h, w = relief.shape
        y = torch.linspace(-1, 1, h, device=relief.device)[None, None, :, None].expand(b, 1, h, w)
        x = torch.linspace(-1, 1, w, device=relief.device)[None, None, None, :].expand(b, 1, h, w)
        fine = self.fine(torch.cat([seen(relief), x, y], dim=1))
        middle = self.middle(fine)
        return fine, middle, self.coarse(middle)


class DepthEncoder(nn.Module):
    """Reads depth views: the first is from above, the others from anywhere.

    Args:
        views: how many.
        size: height and width of each, in pixels.
        channels: at a quarter of the resolution; twice and four times as many below.
        features: numbers that describe the whole scene.
    """

    def __init__(self, views: int, size: tuple[int, int], channels: int, features: int) -> None:
        super().__init__()
        self.above = Down(channels)
        # One network for all of them: which is which, the last layer knows.
        self.beside = Down(channels) if views > 1 else None
        self.middle = Block(6 * channels, 2 * channels)
        self.up = Block(3 * channels, 2 * channels)
        # All places at once: where something is says as much as what it is.
        places = math.prod(-(-(n // 4) // 4) for n in size)
        self.whole = nn.Linear(4 * channels * places * views, features)
        self.views, self.channels, self.features = views, 2 * channels, features

    def forward(self, reliefs: Tensor) -> Encoded:
        """Features of reliefs `(b, views, h, w)`: heights in m, NaN where nothing is measured."""
        fine, middle, coarse = self.above(reliefs[:, 0])
        wide = F.interpolate(coarse, size=middle.shape[2:], mode="bilinear", align_corners=False)
        middle = self.middle(torch.cat([middle, wide], dim=1))
        wide = F.interpolate(middle, size=fine.shape[2:], mode="bilinear", align_corners=False)
        up = self.up(torch.cat([fine, wide], dim=1))
        deep = coarse.flatten(1)
        if self.beside is not None:
            others = self.beside(reliefs[:, 1:].flatten(0, 1))[2]
            deep = torch.cat([deep, others.reshape(reliefs.shape[0], -1)], dim=1)
        return Encoded(up, F.silu(self.whole(deep)))
