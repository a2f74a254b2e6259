"""Keys and values of the rows that are being continued.

Rows that begin with the same prompt share one copy of its keys and values and look at them
with one matrix product, which costs next to nothing; what a row adds itself is its own.

All rows write a new token to the same column, wherever they began, so that one plain copy
stores it. Columns before a row's first are masked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from framework_codex.gpt.config import GPTConfig


class Prefix(NamedTuple):
    """A prompt that was read.

    Attributes:
        keys, values: `(layers, heads, t, head)`.
        logits: `(vocab,)` of what follows it.
    """

    keys: Tensor
    values: Tensor
    logits: Tensor


@dataclass
class Group:
    """Neighbouring rows that share a prefix, or that have their own where it is None."""

    rows: int
    prefix: Prefix | None


class Seen(NamedTuple):
    """The columns of this step and what rows must not see of them.

    Attributes:
        first, end: columns that some row looks at.
        hidden: `(n, 1, end - first)`, 0 or -inf; None if every row sees all.
        shared: length of the longest shared prefix.
    """

    first: int
    end: int
    hidden: Tensor | None
    shared: int


class Cache:
    """The rows, in groups.

    Args:
        config: of the model.
        rows: at most.
        dtype: of keys and values.
        device: where they are.

    Attributes:
        groups: of neighbouring rows, in order.
        positions: `(rows,)`: tokens each row has seen, its prompt included.
        starts: `(rows,)`: the first column of each.
    """

    def __init__(self, config: GPTConfig, rows: int, dtype: torch.dtype, device: torch.device) -> None:
        head = config.width // config.heads
        # Twice the context: rows are moved back once in so many steps.
        shape = (config.layers, rows, config.heads, 2 * config.context, head)
        self.keys = torch.zeros(shape, dtype=dtype, device=device)
        self.values = torch.zeros(shape, dtype=dtype, device=device)
        self.positions = torch.zeros(rows, dtype=torch.long, device=device)
        self.starts = torch.zeros(rows, dtype=torch.long, device=device)
        self.groups: list[Group] = []
        self._context = config.context
        self._now = config.context - 1

    @property
    def rows(self) -> int:
        """Rows there are."""
        return sum(group.rows for group in self.groups)

    def append(self, prefix: Prefix, copies: int, share: bool) -> None:
        """Add rows that begin with a prefix."""
        first = self.rows
        shared = prefix if share else None
        if self.groups and self.groups[-1].prefix is shared:
            self.groups[-1].rows += copies
        else:
            self.groups.append(Group(copies, shared))
        length = 0 if share else prefix.keys.shape[2]
        columns = slice(self._now + 1 - length, self._now + 1)
        if length:
            self.keys[:, first : first + copies, :, columns] = prefix.keys[:, None]
            self.values[:, first : first + copies, :, columns] = prefix.values[:, None]
        self._place(slice(first, first + copies), prefix, length)

    def renew(self, row: int, prefix: Prefix) -> None:
        """Begin a row of a group that shares this prefix anew."""
        self._place(slice(row, row + 1), prefix, 0)

    def rest(self, rows: list[int]) -> None:
        """Let rows without work see nothing old and stay at the beginning."""
        if rows:
            self.starts[rows] = self._now + 1
            self.positions[rows] = 0

    def rows_of(self, prefix: Prefix) -> range:
        """The rows that share this prefix."""
        end = 0
        for group in self.groups:
            first, end = end, end + group.rows
            if group.prefix is prefix:
                return range(first, end)
        return range(0)

    def _place(self, rows: slice, prefix: Prefix, own: int) -> None:
        self.starts[rows] = self._now + 1 - own
        self.positions[rows] = prefix.keys.shape[2]

    def keep(self, rows: list[int]) -> None:
        """Drop all rows but these, given in ascending order."""
        if not rows:
            self.groups = []
            return
        still = next((i for i, row in enumerate(rows) if row != i), len(rows))
        source = torch.tensor(rows[still:], dtype=torch.long, device=self.keys.device)
        target = slice(still, len(rows))
        for vector in (self.positions, self.starts):
            vector[target] = vector[source]
        columns = slice(int(self.starts[: len(rows)].min()), self._now + 1)
        for cache in (self.keys, self.values):
            cache[:, target, :, columns] = cache[:, source, :, columns]
        end, groups = 0, []
        for group in self.groups:
            first, end = end, end + group.rows
            kept = sum(first <= row < end for row in rows)
            if kept:
                groups.append(Group(kept, group.prefix))
        self.groups = groups

    def next(self) -> Seen:
        """Go to the next column."""
        n = self.rows
        starts = self.starts[:n]
        first, last = int(starts.min()), int(starts.max())
        if self._now + 1 == self.keys.shape[3]:
            first = self._move_back(first)
            last = int(starts.max())
        self._now += 1
        hidden = None
        if first < last:
            columns = torch.arange(first, self._now + 1, device=starts.device)
            hidden = torch.zeros((n, 1, len(columns)), dtype=self.keys.dtype, device=starts.device)
            hidden.masked_fill_((columns < starts[:, None])[:, None], -torch.inf)
        shared = max((g.prefix.keys.shape[2] for g in self.groups if g.prefix is not None), default=0)
        return Seen(first, self._now + 1, hidden, shared)

    def _move_back(self, first: int) -> int:
        by = self._now + 1 - self._context
        for cache in (self.keys, self.values):
            cache[..., first - by : self._context, :] = cache[..., first : self._now + 1, :].clone()
        self.starts -= by
        self._now -= by
        return first - by

    def attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, seen: Seen) -> Tensor:
        """Store a token's keys and values, and mix all that each row sees.

        Args:
            layer: number of the block.
            q: `(n, heads, head)`, scaled.
            k: of the same shape.
            v: of the same shape.
            seen: what `next` said.

        Returns:
            `(n, heads, head)`.
        """
        n, heads, head = q.shape
        keys, values = self.keys[layer, :n], self.values[layer, :n]
        keys[:, :, seen.end - 1] = k
        values[:, :, seen.end - 1] = v
        own_keys = keys.flatten(0, 1)[:, seen.first : seen.end]
        own_values = values.flatten(0, 1)[:, seen.first : seen.end]
        own = torch.bmm(own_keys, q.reshape(n * heads, head, 1)).view(n, heads, -1)
        if seen.hidden is not None:
            own += seen.hidden
        if not seen.shared:
            weights = own.softmax(-1)
            return torch.bmm(weights.view(n * heads, 1, -1), own_values).view(n, heads, head)
        scores = own.new_empty(n, heads, seen.shared + own.shape[-1])
        scores[..., seen.shared :] = own
        parts = self._shared(layer)
        for rows, prefix_keys, _ in parts:
            length = prefix_keys.shape[1]
            found = torch.bmm(q[rows].transpose(0, 1), prefix_keys.transpose(1, 2))
            scores[rows, :, :length] = found.transpose(0, 1)
            scores[rows, :, length : seen.shared] = -torch.inf
        weights = scores.softmax(-1)
        mixed = torch.bmm(weights[..., seen.shared :].view(n * heads, 1, -1), own_values)
        mixed = mixed.view(n, heads, head)
        for rows, prefix_keys, prefix_values in parts:
            length = prefix_keys.shape[1]
            found = torch.bmm(weights[rows, :, :length].transpose(0, 1), prefix_values)
            mixed[rows] += found.transpose(0, 1)
        return mixed

    def _shared(self, layer: int) -> list[tuple[slice, Tensor, Tensor]]:
        """Rows, keys and values of each group; rows without a shared prefix get an empty one."""
        parts, end = [], 0
        for group in self.groups:
            first, end = end, end + group.rows
            if group.prefix is None:
                none = self.keys[layer, 0, :, :0]
                parts.append((slice(first, end), none, none))
            else:
                parts.append((slice(first, end), group.prefix.keys[layer], group.prefix.values[layer]))
        return parts
