"""RolloutBuffer: fragments of one policy's experience, learnt from a few times and thrown away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from framework.errors import UserError
from framework.rl.advantages import gae
from framework.rl.batch import Batch
from framework.rl.trees import tree_map


class RolloutBuffer:
    """Fragments of T steps, cut into sequences that recurrent policies are trained on whole.

    Args:
        length: T, steps of every fragment.
        sequence_length: steps of a sequence, which gradients go back through; a divisor of
            `length`. 1 shuffles single steps, which is right for feed-forward policies.
        gamma: discount per step.
        lam: of `gae`.
        seed: of the order.

    Raises:
        UserError: the sequence length does not divide T.
    """

    def __init__(
        self, length: int, sequence_length: int = 1, *, gamma: float, lam: float, seed: int = 0
    ) -> None:
        if length % sequence_length:
            fits = [n for n in range(1, length + 1) if length % n == 0]
            near = min(fits, key=lambda n: abs(n - sequence_length))
            raise UserError(
                f"{length} steps are no whole number of sequences of {sequence_length}\n"
                f"  the nearest sequence_length that fits is {near}"
            )
        self.length, self.sequence_length, self.gamma, self.lam = length, sequence_length, gamma, lam
        #: Everything stored, with `advantage` and `target`; None if nothing is.
        self.batch: Batch | None = None
        self._random = torch.Generator().manual_seed(seed)

    def add(self, batch: Batch) -> None:
        """Store a fragment `(T, N, ...)` with values, beside those there are.

        Raises:
            UserError: it has another length, or hidden states of other sequences.
        """
        assert batch.value is not None
        assert batch.next_value is not None
        if len(batch.reward) != self.length:
            raise UserError(f"this rollout buffer takes {self.length} steps, not {len(batch.reward)}")
        if any(len(held) * self.sequence_length != self.length for held in batch.state_in.values()):
            raise UserError(
                f"hidden states are wanted before every {self.sequence_length} steps: "
                "give the collector the same sequence_length"
            )
        endings = (batch.terminated, batch.truncated)
        advantage = gae(batch.reward, batch.value, batch.next_value, *endings, gamma=self.gamma, lam=self.lam)
        batch = replace(batch, advantage=advantage, target=advantage + batch.value, final_observation=None)
        if self.batch is not None:
            beside = lambda *pair: torch.cat(pair, 1)  # noqa: E731
            state_in = tree_map(beside, self.batch.state_in, batch.state_in)
            batch = replace(self.batch.map(beside, batch), state_in=state_in)
        self.batch = batch

    def clear(self) -> None:
        """Throw everything away."""
        self.batch = None

    def minibatches(self, count: int) -> Iterator[Batch]:
        """Go through everything once, in an order of its own.

        Args:
            count: how many minibatches; where it does not divide the number of sequences, some
                hold one more than others, and none is left out.

        Yields:
            Batches `(sequence_length, n, ...)` with `state_in` `(n, ..., size)`.

        Raises:
            UserError: there are fewer sequences than that.
        """
        assert self.batch is not None, "the rollout buffer is empty"
        sequences = self.length // self.sequence_length * self.batch.reward.shape[1]
        if count > sequences:
            raise UserError(f"{sequences} sequences do not make {count} minibatches")
        for chosen in torch.randperm(sequences, generator=self._random).tensor_split(count):
            yield self._sequences(self.batch, chosen.to(self.batch.reward.device))

    def state_dict(self) -> dict[str, Any]:
        """What is stored, and where the order goes on."""
        batch = None if self.batch is None else {k: v for k, v in vars(self.batch).items() if v is not None}
        return {"random": self._random.get_state(), "batch": batch}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what `state_dict` returned."""
        self._random.set_state(state["random"].cpu())
        self.batch = None if state["batch"] is None else Batch(**state["batch"])

    def _sequences(self, batch: Batch, chosen: Tensor) -> Batch:
        """Some sequences of a fragment, side by side."""
        sequence, column = chosen // batch.reward.shape[1], chosen % batch.reward.shape[1]
        step = torch.arange(self.sequence_length, device=chosen.device)[:, None]
        row = sequence * self.sequence_length + step
        state = {name: held[sequence, column] for name, held in batch.state_in.items()}
        return replace(batch.map(lambda x: x[row, column]), state_in=state)
