"""GroupNorm, its condition and SiLU in one operation.

On a CPU, convolutions are fastest with the channels last in memory, but there PyTorch's
GroupNorm is slow and its backward pass fails (2.13). So this one is written out for that
layout, in float32 whatever the images are: sums over bfloat16 lose too much.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


def normalize(
    x: Tensor, norm: nn.GroupNorm, scale: Tensor | None = None, shift: Tensor | None = None, silu: bool = True
) -> Tensor:
    """Normalise groups of channels, then `* (1 + scale) + shift`, then SiLU.

    Args:
        x: `(b, c, h, w)`.
        norm: weight, bias, groups and epsilon.
        scale: `(b or 1, c)`, or None for neither scale nor shift.
        shift: as scale.
        silu: apply it.

    Returns:
        As x.
    """
    if x.device.type == "cpu":
        arguments = (x, norm.weight, norm.bias, scale, shift, norm.num_groups, norm.eps, silu)
        return cast(Tensor, _Normalize.apply(*arguments))  # type: ignore[no-untyped-call]
    h = F.group_norm(x.float(), norm.num_groups, norm.weight.float(), norm.bias.float(), norm.eps)
    if scale is not None and shift is not None:
        h = h * (1 + scale[:, :, None, None]) + shift[:, :, None, None]
    return (F.silu(h) if silu else h).to(x.dtype)


def pixels_of(x: Tensor) -> Tensor:
    """`(b, c, h, w)` as `(b, h * w, c)`: a view where the channels are last in memory."""
    return x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, x.shape[1])


def images_of(pixels: Tensor, like: Tensor) -> Tensor:
    """The inverse of `pixels_of`, for as many channels as there are: a view."""
    return pixels.view(pixels.shape[0], *like.shape[-2:], -1).permute(0, 3, 1, 2)


class _Normalize(torch.autograd.Function):
    """With x_hat = (x - mean) / std: y = silu((x_hat * weight + bias) * (1 + scale) + shift)."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        scale: Tensor | None,
        shift: Tensor | None,
        groups: int,
        eps: float,
        silu: bool,
    ) -> Tensor:
        dtype = torch.promote_types(x.dtype, torch.float32)
        pixels = pixels_of(x).to(dtype)
        count = pixels.shape[1] * (x.shape[1] // groups)
        mean = _over_groups(pixels.sum(1), groups) / count
        # Two passes: the difference of two large sums would be inexact.
        centred = pixels - mean[:, None]
        std = torch.rsqrt(_over_groups((centred * centred).sum(1), groups) / count + eps)
        factor = 1 if scale is None else 1 + scale.to(dtype)
        gain = std * weight * factor
        offset = bias * factor if shift is None else bias * factor + shift.to(dtype)
        offset = offset.to(dtype).expand_as(gain)
        out = torch.addcmul(offset[:, None], centred, gain[:, None])
        if any(ctx.needs_input_grad):
            ctx.save_for_backward(centred, std, gain, offset, weight, bias, scale)
            ctx.how = groups, count, silu
        if silu:
            out = F.silu(out, inplace=True)
        return images_of(out.to(x.dtype), x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        centred, std, gain, offset, weight, bias, scale = ctx.saved_tensors
        groups, count, silu = ctx.how
        dtype = gradient.dtype
        slope = pixels_of(gradient).to(centred.dtype)
        if silu:
            slope = torch.ops.aten.silu_backward(
                slope, torch.addcmul(offset[:, None], centred, gain[:, None])
            )
        by_offset = slope.sum(1)
        by_gain = (slope * centred).sum(1) * std
        factor = 1 if scale is None else 1 + scale.to(centred.dtype)
        constant = -std * _over_groups(weight * factor * by_offset, groups) / count
        linear = -std.square() * _over_groups(weight * factor * by_gain, groups) / count
        inward = torch.addcmul(constant[:, None], centred, linear[:, None]).addcmul_(slope, gain[:, None])
        by_scale = by_shift = None
        if scale is not None:
            by_scale = (weight * by_gain + bias * by_offset).sum_to_size(scale.shape).to(scale.dtype)
            by_shift = by_offset.sum_to_size(scale.shape).to(scale.dtype)
        by_weight = (factor * by_gain).sum(0).to(weight.dtype)
        by_bias = (factor * by_offset).sum(0).to(bias.dtype)
        return images_of(inward.to(dtype), gradient), by_weight, by_bias, by_scale, by_shift, None, None, None


def _over_groups(sums: Tensor, groups: int) -> Tensor:
    """Sums of channels `(b, c)` to those of their groups, for every channel."""
    grouped = sums.view(sums.shape[0], groups, -1)  # len() would fix the batch when exported
    return grouped.sum(2, keepdim=True).expand_as(grouped).flatten(1)
