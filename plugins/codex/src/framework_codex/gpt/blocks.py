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

#: Tokens up to which the whole matrix of scores is made where that is faster.
SHORT = 512


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


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention; all are `(b, heads, t, head)`."""
    b, heads, t, head = q.shape
    if q.device.type != "cpu" or q.dtype is not torch.bfloat16 or t > SHORT:
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    # torch's fused kernel makes bfloat16 products in small pieces: a third of the speed.
    future = q.new_full((t, t), -torch.inf).triu(1)
    q, k, v = (part.reshape(b * heads, t, head) for part in (q, k, v))
    scores = torch.baddbmm(future.expand(b * heads, t, t), q, k.transpose(1, 2), alpha=head**-0.5)
    return torch.bmm(scores.softmax(-1), v).view(b, heads, t, head)


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
        """Map `(b, t, width)` to the same; `cos` and `sin` are `(t, 1, 1, head)`."""
        x = x + self._drop(self._attend(self.norm_attention(x), cos, sin))
        gate, up = self.gate_up(self.norm_mlp(x)).chunk(2, -1)
        return x + self._drop(self.down(F.silu(gate) * up))

    def _attend(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        b, t, width = x.shape
        qkv = self.qkv(x).view(b, t, 3, self.heads, -1)
        q, k = rotate(qkv[:, :, :2], cos.to(qkv.dtype), sin.to(qkv.dtype)).unbind(2)
        mixed = attend(q.transpose(1, 2), k.transpose(1, 2), qkv[:, :, 2].transpose(1, 2))
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(b, t, width))
        return out

    def _drop(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.dropout, self.training) if self.dropout else x
