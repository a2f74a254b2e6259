"""One token at a time: a GPT's weights laid out for decoding, and the keys and values of many rows."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from framework_codex.gpt.blocks import EPS, rotate, rotation
from framework_codex.gpt.model import GPT


class Layer(NamedTuple):
    """Weights of one block, in the type of the products."""

    norm_attention: Tensor
    qkv: Tensor
    out: Tensor
    norm_mlp: Tensor
    gate_up: Tensor
    down: Tensor


class Decoder:
    """A GPT as plain tensors, with a cache of keys and values.

    Args:
        model: its weights are copied, so that training does not change a running decoder.
        rows: texts that are continued at a time, at most.
        dtype: of weights, activations and cache.

    Attributes:
        lengths: `(rows,)`: tokens each row has in the cache.
    """

    def __init__(self, model: GPT, rows: int, dtype: torch.dtype) -> None:
        config = model.config
        state = {name: value.detach().to(dtype) for name, value in model.named_parameters()}
        self.layers = [
            Layer(*(state[f"blocks.{i}.{name}.weight"] for name in Layer._fields))
            for i in range(config.layers)
        ]
        self.norm = state["norm.weight"]
        self.embedding = state["embedding.weight"]
        self.head = state.get("head.weight", self.embedding)[: len(model.tokenizer)]
        self.heads, self.context = config.heads, config.context
        cos, sin = rotation(config, torch.arange(config.context, device=self.norm.device))
        self.cos, self.sin = cos.to(dtype), sin.to(dtype)
        shape = (config.layers, rows, config.heads, config.context, config.width // config.heads)
        self.keys = torch.zeros(shape, dtype=dtype, device=self.norm.device)
        self.values = torch.zeros_like(self.keys)
        self.lengths = torch.zeros(rows, dtype=torch.long, device=self.norm.device)

    def prefill(self, prompt: list[int], row: int, copies: int) -> Tensor:
        """Put a prompt into the cache of so many rows from `row` on; return its logits `(vocab,)`."""
        t, end = len(prompt), row + copies
        x = self.embedding[torch.tensor([prompt], device=self.norm.device)]
        cos, sin = self.cos[:t, None], self.sin[:t, None]
        for i, layer in enumerate(self.layers):
            q, k, v = (part.transpose(1, 2) for part in self._qkv(layer, x, cos, sin))
            self.keys[i, row:end, :, :t] = k
            self.values[i, row:end, :, :t] = v
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = self._finish(layer, x, mixed.transpose(1, 2).reshape(x.shape))
        self.lengths[row:end] = t
        return self._logits(x[0, -1])

    def step(self, tokens: Tensor) -> Tensor:
        """Append a token to each of the first n rows; return the logits `(n, vocab)` of the next."""
        n = len(tokens)
        position = self.lengths[:n]
        longest = int(position.max()) + 1
        seen = torch.arange(longest, device=tokens.device) <= position[:, None]
        which = torch.arange(n, device=tokens.device)
        x = self.embedding[tokens][:, None]
        cos, sin = self.cos[position][:, None, None], self.sin[position][:, None, None]
        for i, layer in enumerate(self.layers):
            q, k, v = self._qkv(layer, x, cos, sin)
            self.keys[i, which, :, position] = k[:, 0]
            self.values[i, which, :, position] = v[:, 0]
            mixed = F.scaled_dot_product_attention(
                q.transpose(1, 2),
                self.keys[i, :n, :, :longest],
                self.values[i, :n, :, :longest],
                attn_mask=seen[:, None, None],
            )
            x = self._finish(layer, x, mixed.transpose(1, 2).reshape(x.shape))
        self.lengths[:n] += 1
        return self._logits(x[:, 0])

    def keep(self, rows: Tensor) -> None:
        """Move these rows to the front, in this order."""
        n = len(rows)
        longest = int(self.lengths[rows].max()) if n else 0
        for cache in (self.keys, self.values):
            cache[:, :n, :, :longest] = cache[:, rows, :, :longest]
        self.lengths[:n] = self.lengths[rows]

    def _qkv(self, layer: Layer, x: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        normed = F.rms_norm(x, x.shape[-1:], layer.norm_attention, EPS)
        q, k, v = F.linear(normed, layer.qkv).view(*x.shape[:2], 3, self.heads, -1).unbind(2)
        return rotate(q, cos, sin), rotate(k, cos, sin), v

    def _finish(self, layer: Layer, x: Tensor, mixed: Tensor) -> Tensor:
        x = x + F.linear(mixed, layer.out)
        gate, up = F.linear(F.rms_norm(x, x.shape[-1:], layer.norm_mlp, EPS), layer.gate_up).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, layer.down)

    def _logits(self, x: Tensor) -> Tensor:
        return F.linear(F.rms_norm(x, x.shape[-1:], self.norm, EPS), self.head).float()
