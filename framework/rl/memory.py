"""Memory: an LSTM or a GRU over sequences that may hold several episodes."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from framework.errors import UserError, did_you_mean

_KINDS = {"lstm": nn.LSTM, "gru": nn.GRU}


class Memory(nn.Module):
    """Remembers within an episode, and nothing beyond it.

    Where no episode starts inside a sequence, one call goes through all its steps. Where some
    do, sequences are split there, and few calls, the logarithm of T, go through the pieces side
    by side, without a step more than there is.

    Args:
        inputs: numbers in.
        units: numbers out, `features`.
        kind: "lstm" or "gru".
        layers: on top of each other.

    Attributes:
        state_size: numbers in a hidden state.
    """

    def __init__(self, inputs: int, units: int, kind: str = "lstm", layers: int = 1) -> None:
        super().__init__()
        if kind not in _KINDS:
            hint = did_you_mean(kind, _KINDS) or f"known: {', '.join(_KINDS)}"
            raise UserError(f"unknown memory {kind!r}\n  {hint}")
        self.net = _KINDS[kind](inputs, units, layers)
        self.features = units
        self._parts = 2 if kind == "lstm" else 1
        self.state_size = self._parts * layers * units

    def forward(
        self, x: Tensor, state: Tensor | None = None, is_first: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Go through sequences.

        Args:
            x: `(T, *batch, inputs)`.
            state: before the first step, `(*batch, state_size)`; zeros if None.
            is_first: `(T, *batch)` bool, whether an episode starts with the step: what came before
                is forgotten. None for nowhere.

        Returns:
            `(T, *batch, units)`, and the state after the last step.
        """
        steps, *batch = x.shape[:-1]
        flat = x.reshape(steps, -1, x.shape[-1])
        count = flat.shape[1]
        state = x.new_zeros(count, self.state_size) if state is None else state.reshape(count, -1)
        first = None if is_first is None else is_first.reshape(steps, count)
        if first is not None:
            state = state.masked_fill(first[0].unsqueeze(-1), 0)
        if first is None or not first[1:].any():
            y, after = self.net(flat, self._unpack(state))
            after = self._pack(after)
        else:
            y, after = self._in_pieces(flat, state, first)
        return y.reshape(steps, *batch, -1), after.reshape(*batch, -1)

    def _in_pieces(self, x: Tensor, state: Tensor, first: Tensor) -> tuple[Tensor, Tensor]:
        """`(T, n, inputs)` that start anew in the middle: `(T, n, units)` and the last states."""
        steps, count = first.shape
        starts = first.t().clone()
        starts[:, 0] = True
        piece = starts.reshape(-1).cumsum(0) - 1  # of each row, row after row
        begin = starts.reshape(-1).nonzero().squeeze(1)
        length = piece.bincount()
        states = x.new_zeros(len(begin), self.state_size)
        states[piece[::steps]] = state
        rows = x.transpose(0, 1).reshape(steps * count, -1)
        outs, places = [], []
        # A piece of 13 steps takes 8, then 4, then 1, each together with all that take as many.
        for size in (1 << bit for bit in reversed(range(steps.bit_length()))):
            some = (length & size).nonzero().squeeze(1)
            if len(some):
                place = begin[some] + torch.arange(size, device=x.device)[:, None]
                out, after = self.net(rows[place], self._unpack(states[some]))
                states = states.index_copy(0, some, self._pack(after))
                begin[some] += size
                outs.append(out.flatten(0, 1))
                places.append(place.flatten())
        y = torch.cat(outs)[torch.cat(places).argsort()]
        return y.reshape(count, steps, -1).transpose(0, 1), states[piece[steps - 1 :: steps]]

    def _unpack(self, state: Tensor) -> Tensor | tuple[Tensor, ...]:
        """`(n, state_size)` as torch wants it: `(layers, n, units)`, two of them for an LSTM."""
        # Not its len(), which exporting would take for a constant.
        parts = state.reshape(state.shape[0], self._parts, self.net.num_layers, -1).permute(1, 2, 0, 3)
        parts = parts.contiguous()
        return parts[0] if self._parts == 1 else (parts[0], parts[1])

    def _pack(self, state: Tensor | tuple[Tensor, ...]) -> Tensor:
        parts = torch.stack(state if isinstance(state, tuple) else (state,))
        return parts.permute(2, 0, 1, 3).reshape(parts.shape[2], -1)
