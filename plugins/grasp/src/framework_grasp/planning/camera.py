"""Overhead: where points above the table are in the view from above."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Overhead:
    """Parallel rays straight down around the middle of the table; columns go along x, rows against y.

    Attributes:
        span: width of what it sees, m.
    """

    span: float

    def project(self, points: Tensor) -> Tensor:
        """Columns and rows of points `(..., 2)` in m, -1 to 1 from the left and from above."""
        return points * torch.tensor([2 / self.span, -2 / self.span], device=points.device)

    def look(self, images: Tensor, points: Tensor) -> Tensor:
        """What images `(b, c, h, w)` show at points `(n, 2)`, between pixels: `(b, n, c)`."""
        places = self.project(points).expand(images.shape[0], 1, -1, -1)
        found = F.grid_sample(images, places, padding_mode="border", align_corners=False)
        return found[:, :, 0].transpose(1, 2)
