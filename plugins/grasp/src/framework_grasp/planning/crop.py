"""Aligned crops: what a hand at a grasp would see of the view from above."""

from __future__ import annotations

import torch
from torch import Tensor

from framework_grasp.depth import LOW
from framework_grasp.planning.camera import Overhead

#: Heights are kept within this distance of the grasp, m.
REACH = 0.1


def crops(
    reliefs: Tensor,
    camera: Overhead,
    grasps: Tensor,
    scenes: Tensor,
    size: tuple[int, int],
    cell: tuple[float, float],
) -> Tensor:
    """Reliefs cut out around grasps, turned with the hand: it closes along its y, which runs along a row.

    Args:
        reliefs: of the views from above, `(b, h, w)`; heights in m, NaN where nothing is measured.
        camera: that they are from.
        grasps: `(n, d)`, of which x, y, z and yaw are looked at.
        scenes: which of the b each is of, `(n,)`.
        size: rows and columns.
        cell: height and width of one, m.

    Returns:
        `(n, 2, rows, columns)`: heights above the grasp in units of `REACH`, from -1 to 1, and
        where they are measured.
    """
    rows, columns = size
    device = grasps.device
    across = ((rows - 1) / 2 - torch.arange(rows, device=device)) * cell[0]
    along = (torch.arange(columns, device=device) - (columns - 1) / 2) * cell[1]
    cos, sin = torch.cos(grasps[:, 3])[:, None, None], torch.sin(grasps[:, 3])[:, None, None]
    u, v = along[None, None, :], across[None, :, None]
    # The hand's y is (-sin, cos) on the table, its x is (cos, sin).
    x = grasps[:, 0, None, None] - sin * u + cos * v
    y = grasps[:, 1, None, None] + cos * u + sin * v
    place = camera.project(torch.stack([x, y], dim=-1))
    h, w = reliefs.shape[1:]
    pixel = ((place + 1) / 2 * torch.tensor([w, h], device=device)).floor().long()
    inside = (pixel >= 0).all(-1) & (pixel[..., 0] < w) & (pixel[..., 1] < h)
    column, row = pixel[..., 0].clamp(0, w - 1), pixel[..., 1].clamp(0, h - 1)
    # The nearest pixel: between an object and the table there is nothing to be seen.
    found = reliefs[scenes[:, None, None], row, column]
    # Nothing stands outside of the view.
    found = torch.where(inside, found, 0.0)
    known = torch.isfinite(found)
    above = ((found - grasps[:, 2, None, None]) / REACH).clamp(-1, 1)
    return torch.stack([torch.where(known, above, 0.0), known.to(above)], dim=1)


def middles(reliefs: Tensor, camera: Overhead) -> Tensor:
    """Where the middle of what is seen of an object is, weighed by its height: about where its weight acts.

    Args:
        reliefs: of views from above, `(b, h, w)`; heights in m, NaN where nothing is measured.
        camera: that they are from.

    Returns:
        `(b, 2)` m; the scene's own middle where nothing is seen.
    """
    h, w = reliefs.shape[1:]
    height = torch.where(reliefs > LOW, reliefs, 0.0)
    x = ((torch.arange(w, device=reliefs.device) + 0.5) / w - 0.5) * camera.span
    y = (0.5 - (torch.arange(h, device=reliefs.device) + 0.5) / h) * camera.span
    total = height.sum(dim=(1, 2)).clamp(min=1e-6)
    moment = torch.stack([(height.sum(dim=1) * x).sum(dim=1), (height.sum(dim=2) * y).sum(dim=1)], dim=1)
    return moment / total[:, None]


def from_hand(points: Tensor, grasps: Tensor) -> Tensor:
    """Where points on the table `(n, 2)` are from hands `(n, d)`: along their x and y, m, `(n, 2)`."""
    x, y = (points - grasps[:, :2]).unbind(dim=1)
    cos, sin = torch.cos(grasps[:, 3]), torch.sin(grasps[:, 3])
    return torch.stack([cos * x + sin * y, cos * y - sin * x], dim=1)
