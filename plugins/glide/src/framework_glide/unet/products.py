"""Matrix products the quick way."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

#: PyTorch hands convolutions of more than 16 images to oneDNN, whatever their size.
BATCHES = range(32, 16, -1)

#: Scores of one head that are kept for the backward pass, at most.
LARGE = 2**18


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The same as `torch.nn.functional.linear`, in float32 on a CPU through a 1 x 1 convolution.

    Matrix products of float32 go to MKL and convolutions to oneDNN, which is twice as fast on
    processors that are not Intel's.

    Args:
        x: `(..., n)`.
        weight: `(m, n)`.
        bias: `(m,)`.

    Returns:
        `(..., m)`.
    """
    plain = torch.is_autocast_enabled("cpu") or torch.compiler.is_exporting()  # batches of any size
    if x.device.type == "cpu" and x.dtype == torch.float32 and not plain:
        rows = x.numel() // x.shape[-1]
        for batch in BATCHES:
            if rows % batch == 0 and rows:
                images = x.reshape(batch, -1, 1, x.shape[-1]).permute(0, 3, 1, 2)
                out = F.conv2d(images, weight[:, :, None, None], bias)
                return out.permute(0, 2, 3, 1).reshape(*x.shape[:-1], -1)
    return F.linear(x, weight, bias)


def attend(queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Attention without a mask.

    In bfloat16 on a CPU it is written out, which is several times as fast as the fused
    operation's backward pass, unless the table of scores would be large.

    Args:
        queries: `(b, heads, n, head)`.
        keys: `(b, heads, m, head)`.
        values: as keys.

    Returns:
        As queries.
    """
    narrow = queries.device.type == "cpu" and queries.dtype == torch.bfloat16
    if narrow and queries.shape[2] * keys.shape[2] <= LARGE:
        scores = (queries * queries.shape[-1] ** -0.5) @ keys.transpose(-1, -2)
        mixed: Tensor = scores.softmax(-1, dtype=torch.float32).to(values.dtype) @ values
        return mixed
    return F.scaled_dot_product_attention(queries, keys, values)


class Linear(torch.nn.Linear):
    """A linear layer that uses `linear`."""

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)
