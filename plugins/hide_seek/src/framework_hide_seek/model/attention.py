"""Attention between entities, and what is left of it when they are pooled."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class PooledAttention(nn.Module):
    """Masked self-attention with a residual, then the mean over the entities that are there.

    `mean_i(x_i + W_o sum_j p_ij W_v x_j)`, with `p` the softmax over the entities j that are there, for each
    head. Means and `W` are linear: so the rows of `p` are averaged first, and `W_v` and `W_o` see one vector
    per head instead of one per entity, which gives the same numbers for less.

    Args:
        units: of an entity's embedding.
        heads: `units / heads` numbers are compared by each.
    """

    def __init__(self, units: int, heads: int) -> None:
        super().__init__()
        self.heads, self.units = heads, units
        self.queries_keys = nn.Linear(units, 2 * units)
        self.values = nn.Linear(units, units)
        self.out = nn.Linear(units, units)
        for layer in (self.queries_keys, self.values, self.out):
            nn.init.normal_(layer.weight, std=math.sqrt(0.125 / units))
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, there: Tensor) -> Tensor:
        """Pool entities.

        Args:
            x: `(n, entities, units)`.
            there: `(n, entities)` bool; the first entity always is, an agent itself.

        Returns:
            `(n, units)`.
        """
        n, entities, units = x.shape
        size = units // self.heads
        both = self.queries_keys(x).view(n, entities, 2, self.heads, size)
        query, key = both[:, :, 0].transpose(1, 2), both[:, :, 1].permute(0, 2, 3, 1)
        logits = (query @ key) * (1 / math.sqrt(size))
        # A softmax over so few, all in products: relative to the first entity, which is always there.
        regard = (logits - logits[..., :1]).clamp(max=80).exp()
        present = there.to(x.dtype)
        share = present / present.sum(-1, keepdim=True)
        each = share[:, None, :, None] / (regard @ present[:, None, :, None])
        # Of each head: how much all entities together attend to each, (n, heads, entities).
        attended = (each.mT @ regard).squeeze(2) * present.unsqueeze(1)
        pooled = torch.cat([share.unsqueeze(1), attended], 1) @ x
        weight = self.values.weight.view(self.heads, size, units)
        values = torch.einsum("nhu,hsu->nhs", pooled[:, 1:], weight).reshape(n, units) + self.values.bias
        return pooled[:, 0] + self.out(values)  # type: ignore[no-any-return]
