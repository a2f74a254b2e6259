"""What a judge should not mind: shifts of a pixel or so, noise, another brightness."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def augment(images: Tensor, generator: torch.Generator, noise: float, shift: int) -> Tensor:
    """Disturb each picture a little, so that features do not hang on single pixels.

    Args:
        images: `(b, 3, h, w)` in [-1, 1].
        generator: of everything random, on the CPU.
        noise: largest standard deviation; each picture's is uniform below.
        shift: farthest shift in pixels, both ways; what comes in at the edges repeats them.
    """
    b, _, h, w = images.shape
    levels = noise * torch.rand((b, 1, 1, 1), generator=generator)
    drawn = torch.randn(images.shape, generator=generator)
    offsets = torch.randint(2 * shift + 1, (b, 2), generator=generator)
    wide = F.pad(images, (shift,) * 4, mode="replicate") if shift else images
    rows = offsets[:, :1] + torch.arange(h)
    columns = offsets[:, 1:] + torch.arange(w)
    moved = wide[torch.arange(b)[:, None, None], :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    return moved + (levels * drawn).to(moved)
