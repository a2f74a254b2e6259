"""One token at a time for many rows: a GPT's weights laid out for decoding, and its cache."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from framework_codex.gpt.blocks import EPS, rotate, rotation
from framework_codex.gpt.cache import Cache, Prefix
from framework_codex.gpt.network import Network


class Layer(NamedTuple):
    """Weights of one block, the norms' gains multiplied into those that follow them."""

    qkv: Tensor
    out: Tensor
    gate_up: Tensor
    down: Tensor


class Decoder:
    """A GPT as plain tensors, with a cache of keys and values.

    Args:
        model: its weights are copied, so that training does not change a running decoder.
        rows: texts that are continued at a time, at most.
        dtype: of products and cache; the residual stream is float32.
    """

    def __init__(self, model: Network, rows: int, dtype: torch.dtype) -> None:
        config = model.config
        state = {name: value.detach() for name, value in model.named_parameters()}
        self.layers = [_layer(state, f"blocks.{i}", config.heads, dtype) for i in range(config.layers)]
        self.embedding = state["embedding.weight"].float()
        self.head = (model.output.detach() * state["norm.weight"]).to(dtype)
        self.heads, self.dtype, self.device = config.heads, dtype, self.head.device
        cos, sin = rotation(config, torch.arange(config.context, device=self.device))
        self.cos, self.sin = cos.to(dtype), sin.to(dtype)
        self.cache = Cache(config, rows, dtype, self.device)

    def read(self, prompt: Sequence[int]) -> Prefix:
        """Go through a prompt; rows of the cache may begin with it afterwards."""
        x = self.embedding[torch.tensor(prompt, device=self.device)]
        cos, sin = self.cos[: len(prompt), None, None], self.sin[: len(prompt), None, None]
        keys, values = [], []
        for layer in self.layers:
            q, k, v = self._qkv(layer, x, cos, sin)
            q, k, v = q.transpose(0, 1), k.transpose(0, 1), v.transpose(0, 1)
            mixed = F.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True, scale=1.0)[0]
            self._finish(layer, x, mixed.transpose(0, 1).reshape(x.shape))
            keys.append(k)
            values.append(v)
        return Prefix(torch.stack(keys), torch.stack(values), self._logits(x[-1:])[0])

    def step(self, tokens: Tensor) -> Tensor:
        """Append a token to each row of the cache; return the logits `(n, vocab)` of the next."""
        x = self.embedding[tokens]
        position = self.cache.positions[: len(tokens)]
        cos, sin = self.cos[position][:, None, None], self.sin[position][:, None, None]
        seen = self.cache.next()
        for i, layer in enumerate(self.layers):
            q, k, v = self._qkv(layer, x, cos, sin)
            mixed = self.cache.attend(i, q, k, v, seen)
            self._finish(layer, x, mixed.reshape(x.shape))
        self.cache.positions[: len(tokens)] += 1
        return self._logits(x)

    def _qkv(self, layer: Layer, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        qkv = F.linear(self._normed(x), layer.qkv).view(len(x), 3, self.heads, -1)
        q, k = rotate(qkv[:, :2], cos, sin).unbind(1)
        return q, k, qkv[:, 2]

    def _finish(self, layer: Layer, x: Tensor, mixed: Tensor) -> None:
        x += F.linear(mixed, layer.out)
        gate, up = F.linear(self._normed(x), layer.gate_up).chunk(2, -1)
        x += F.linear(F.silu(gate).mul_(up), layer.down)

    def _normed(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, x.shape[-1:], eps=EPS).to(self.dtype)

    def _logits(self, x: Tensor) -> Tensor:
        return F.linear(self._normed(x), self.head).float()


def _layer(state: dict[str, Tensor], name: str, heads: int, dtype: torch.dtype) -> Layer:
    qkv = state[f"{name}.qkv.weight"] * state[f"{name}.norm_attention.weight"]
    width = qkv.shape[1]
    qkv[:width] /= math.sqrt(width // heads)  # the scale of attention's scores
    gate_up = state[f"{name}.gate_up.weight"] * state[f"{name}.norm_mlp.weight"]
    plain = (state[f"{name}.out.weight"], state[f"{name}.down.weight"])
    return Layer(*(weight.to(dtype) for weight in (qkv, plain[0], gate_up, plain[1])))
