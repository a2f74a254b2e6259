"""The transformer's block: causal self-attention and a gated MLP, each on a normalised residual stream.

The architecture is Llama's (Touvron et al. 2023): root-mean-square norms before each branch,
rotary positions, SwiGLU, no biases.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from framework_codex.gpt.config import GPTConfig

EPS = 1e-5


def rotation(config: GPTConfig, positions: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and signed sines that turn queries and keys to their positions (Su et al. 2021).

    Args:
        config: gives the width of a head and the base of the angles.
        positions: `(t,)`.

    Returns:
        Two tensors `(t, head)`, for `rotate`.
    """
    half = config.width // config.heads // 2
    frequencies = config.rope_base ** (-torch.arange(half, device=positions.device) / half)
    angles = positions[:, None] * frequencies
    cos, sin = angles.cos(), angles.sin()
    return torch.cat([cos, cos], -1), torch.cat([-sin, sin], -1)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair (x[i], x[i + head/2]) by its angle; `x` is `(..., head)`."""
    return x * cos + x.roll(x.shape[-1] // 2, -1) * sin


class Block(nn.Module):
    """One layer.

    Args:
        config: of the model, its size written out.
    """

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.dropout = config.dropout
        self.norm_attention = nn.RMSNorm(config.width, EPS)
        self.norm_mlp = nn.RMSNorm(config.width, EPS)
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.out = nn.Linear(config.width, config.width, bias=False)
        self.gate_up = nn.Linear(config.width, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Map `(b, t, width)` to the same; `cos` and `sin` are `(t, 1, head)`."""
        x = x + self._drop(self._attend(self.norm_attention(x), cos, sin))
        gate, up = self.gate_up(self.norm_mlp(x)).chunk(2, -1)
        return x + self._drop(self.down(F.silu(gate) * up))

    def _attend(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        b, t, width = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, -1).unbind(2)
        cos, sin = cos.to(q.dtype), sin.to(q.dtype)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(b, t, width))
        return out

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training) if self.dropout else x
