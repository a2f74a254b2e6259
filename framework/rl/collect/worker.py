"""What a worker does: step an environment of its own, and hand out a whole chunk for each call."""

from __future__ import annotations

import pickle
from typing import Any, Protocol

import torch
from torch import nn

from framework.origins import dumps


class Collector(Protocol):
    """Steps an environment with a policy.

    Attributes:
        policy: what acts; it gets the weights of what learns.
    """

    policy: nn.Module

    def chunk(self, *order: Any) -> Any:
        """Collect what is asked for; of several workers, `join` makes one chunk."""
        ...

    @staticmethod
    def join(chunks: list[Any]) -> Any:
        """Chunks of several collectors, in the order of the workers, as one."""
        ...

    def state_dict(self) -> Any:
        """Everything the next chunk depends on but the weights."""
        ...

    def load_state_dict(self, state: Any) -> None: ...


class Worker:
    """Has a collector and answers calls, which are bytes as everything that goes between processes.

    Args:
        made: pickled, `(make, environment, policy, seed)`: the first called with the others makes
            the collector.
    """

    def __init__(self, made: bytes) -> None:
        torch.set_num_threads(1)
        make, environment, policy, seed = pickle.loads(made)
        self.collector: Collector = make(environment, policy, seed)

    def work(self, weights: bytes | None, state: bytes | None, order: bytes) -> bytes:
        """Collect a chunk.

        Args:
            weights: to act with from now on; None for those there are.
            state: of the collector, to go on from; None to go on.
            order: what the collector's `chunk` is called with.

        Returns:
            The chunk, and the pickled state after it.
        """
        if weights is not None:
            self.collector.policy.load_state_dict(pickle.loads(weights))
        if state is not None:
            self.collector.load_state_dict(pickle.loads(state))
        chunk = self.collector.chunk(*pickle.loads(order))
        return dumps((chunk, dumps(self.collector.state_dict())))
