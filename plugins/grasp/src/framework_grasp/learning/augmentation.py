"""What a scene looks like turned, mirrored or moved: its trials would have gone the same way."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from framework_grasp.learning.examples import Batch
from framework_grasp.planning.buckets import canonical


def augment(batch: Batch, span: float, shift: int, generator: torch.Generator) -> Batch:
    """Turn each scene by quarters, mirror it or not, and move it by whole pixels.

    Exact, but for what leaves the view.

    Args:
        batch: of scenes with one view, from above, as wide as high.
        span: width of what it sees, m.
        shift: farthest move along x and y, pixels.
        generator: on the CPU.
    """
    b = len(batch)
    quarters = torch.randint(4, (b,), generator=generator)
    mirrored = torch.randint(2, (b,), generator=generator).bool()
    moves = torch.randint(-shift, shift + 1, (b, 2), generator=generator)
    reliefs = batch.reliefs.clone()
    for k in range(4):
        for flip in (False, True):
            rows = (quarters == k) & (mirrored == flip)
            chosen = batch.reliefs[rows]
            reliefs[rows] = torch.rot90(chosen.flip(3) if flip else chosen, k, (2, 3))
    grasps = torch.where(mirrored[:, None, None], _mirror(batch.grasps), batch.grasps)
    grasps = _turn(grasps, quarters)
    metres = span / reliefs.shape[3]
    grasps = torch.cat([grasps[..., :2] + moves[:, None] * metres, grasps[..., 2:]], dim=2)
    return replace(batch, reliefs=_moved(reliefs, moves, shift), grasps=canonical(grasps))


def half_turned(grasps: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the grasps `(n, d)` by the same hand with its fingers swapped."""
    swapped = torch.randint(2, (len(grasps), 1), generator=generator).bool().to(grasps.device)
    other = torch.cat([grasps[:, :3], grasps[:, 3:4] + math.pi, -grasps[:, 4:]], dim=1)
    return torch.where(swapped, other, grasps)


def _mirror(grasps: Tensor) -> Tensor:
    """In the plane x = 0: yaw and pitch go the other way, roll does not."""
    sign = torch.tensor([-1.0, 1.0, 1.0, -1.0, -1.0, 1.0])[: grasps.shape[-1]]
    return grasps * sign


def _turn(grasps: Tensor, quarters: Tensor) -> Tensor:
    """About the vertical, by quarters `(b,)` of a turn against the clock."""
    cos = torch.tensor([1.0, 0.0, -1.0, 0.0])[quarters][:, None]
    sin = torch.tensor([0.0, 1.0, 0.0, -1.0])[quarters][:, None]
    x, y = grasps[..., 0], grasps[..., 1]
    yaw = grasps[..., 3] + quarters[:, None] * (math.pi / 2)
    turned = torch.stack([cos * x - sin * y, sin * x + cos * y, grasps[..., 2], yaw], dim=2)
    return torch.cat([turned, grasps[..., 4:]], dim=2)


def _moved(reliefs: Tensor, moves: Tensor, shift: int) -> Tensor:
    """Pixels moved along x and against the rows; the bare table comes in."""
    b, _, h, w = reliefs.shape
    wide = F.pad(reliefs, (shift,) * 4)
    rows = shift + moves[:, 1:] + torch.arange(h)
    columns = shift - moves[:, :1] + torch.arange(w)
    found = wide[torch.arange(b)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return found.permute(0, 3, 1, 2).contiguous()
