"""Cross-entropy of a vocabulary, without its logits in memory.

Logits of thousands of tokens times thousands of words are the largest thing a small model
makes. Here they are made for a few tokens at a time, turned into the gradient where they lie,
and forgotten, so that the processor's cache holds them and nothing is computed twice.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

IGNORE = -100  # targets that do not count, as in torch's cross-entropy

_CHUNK = 256  # tokens


def cross_entropy(features: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """The negative ln p of each target.

    The gradient is that of a sum or mean: every loss that is not 0 has to get the same.

    Args:
        features: `(n, width)`; products are made in the autocast type, else in its own.
        weight: `(vocab, width)`.
        targets: `(n,)`, `IGNORE` where none counts.

    Returns:
        `(n,)` float32, 0 where no target counts.
    """
    device = features.device.type
    if torch.is_autocast_enabled(device):
        features = features.to(torch.get_autocast_dtype(device))
    losses: Tensor = _CrossEntropy.apply(features, weight, targets)  # type: ignore[no-untyped-call]
    return losses


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        wanted = any(ctx.needs_input_grad)
        products = weight.detach().to(features.dtype)
        losses = features.new_zeros(len(targets), dtype=torch.float32)
        to_features = torch.zeros_like(features) if wanted else None
        to_weight = torch.zeros_like(weight, dtype=torch.float32) if wanted else None
        for first in range(0, len(targets), _CHUNK):
            part = slice(first, first + _CHUNK)
            counts = targets[part] != IGNORE
            if not counts.any():
                continue
            x, y = features[part], targets[part].clamp(min=0)[:, None]
            log_p = (x @ products.t()).float().log_softmax(-1)
            losses[part] = -log_p.gather(-1, y)[:, 0] * counts
            if to_features is not None and to_weight is not None:
                slope = log_p.exp_()
                slope.scatter_add_(-1, y, torch.full_like(y, -1, dtype=slope.dtype))
                slope *= counts[:, None]
                slope = slope.to(features.dtype)
                to_features[part] = slope @ products
                to_weight += slope.t() @ x
        ctx.save_for_backward(to_features, to_weight, targets)
        return losses

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        to_features, to_weight, targets = ctx.saved_tensors
        counting = gradients[0][targets != IGNORE]
        scale = counting[0] if len(counting) else gradients[0].new_zeros(())
        if bool((counting != scale).any()):
            raise NotImplementedError("the losses have to be weighted alike: sum or average them")
        return to_features * scale.to(to_features.dtype), to_weight * scale, None
