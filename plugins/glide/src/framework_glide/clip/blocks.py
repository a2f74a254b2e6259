"""A pre-norm transformer under the released names of its parameters.

`f_attn` and `f_mlp` are the two branches of a block, `ln` the normalisation in front of each,
`f_*` linear maps, `w`, `b` and `g` weight, bias and gain. Keys have no bias: one would shift
every score of a query alike.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Affine(nn.Module):
    """`x w^T + b`; the bias is optional."""

    def __init__(self, inputs: int, outputs: int, *, std: float, bias: bool = True) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.empty(outputs, inputs))
        self.b = nn.Parameter(torch.zeros(outputs)) if bias else None
        nn.init.normal_(self.w, std=std)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.w, self.b)


class Norm(nn.Module):
    """Layer normalisation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.g = nn.Parameter(torch.ones(width))
        self.b = nn.Parameter(torch.zeros(width))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], self.g, self.b)


class Attention(nn.Module):
    """Multi-head self-attention, normalised before.

    Args:
        width: of the residual stream.
        heads: of attention.
        depth: blocks of the transformer; what is added to the stream starts smaller in a deep
            one (Radford et al. 2021, published code's initialisation).
        causal: whether a position sees only itself and those before.
    """

    def __init__(self, width: int, heads: int, depth: int, *, causal: bool) -> None:
        super().__init__()
        std = width**-0.5
        self.heads, self.causal = heads, causal
        self.ln = Norm(width)
        self.f_q = Affine(width, width, std=std)
        self.f_k = Affine(width, width, std=std, bias=False)
        self.f_v = Affine(width, width, std=std)
        self.f_c = Affine(width, width, std=std * (2 * depth) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        b, n, width = x.shape
        x = self.ln(x)
        query, key, value = (
            f(x).view(b, n, self.heads, -1).transpose(1, 2) for f in (self.f_q, self.f_k, self.f_v)
        )
        read = attend(query, key, value, causal=self.causal)
        mixed: Tensor = self.f_c(read.transpose(1, 2).reshape(b, n, width))
        return mixed


def attend(query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
    """Softmax attention of `(b, heads, n, d)`; in float32 on a CPU.

    There the backward pass of the fused kernel takes ten times as long in bfloat16.
    """
    if query.device.type != "cpu" or query.dtype is not torch.bfloat16:
        return F.scaled_dot_product_attention(query, key, value, is_causal=causal)
    with torch.autocast("cpu", enabled=False):
        return F.scaled_dot_product_attention(query.float(), key.float(), value.float(), is_causal=causal)


class MLP(nn.Module):
    """Four times as wide within; exact GELU."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.ln = Norm(width)
        self.f_1 = Affine(width, 4 * width, std=(2 * width) ** -0.5)
        self.f_2 = Affine(4 * width, width, std=width**-0.5 * (2 * depth) ** -0.5)

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = self.f_2(F.gelu(self.f_1(self.ln(x))))
        return changed


class Block(nn.Module):
    """Attention and MLP, each added to the stream `(b, n, width)`."""

    def __init__(self, width: int, heads: int, depth: int, *, causal: bool) -> None:
        super().__init__()
        self.f_attn = Attention(width, heads, depth, causal=causal)
        self.f_mlp = MLP(width, depth)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.f_attn(x)
        out: Tensor = x + self.f_mlp(x)
        return out
