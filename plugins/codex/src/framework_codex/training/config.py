"""Parameters of the training algorithms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param
from framework.supervised.config import DescentConfig


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(DescentConfig):
    """The paper's optimiser and schedule (section 3.2), and how long."""

    tokens: Annotated[int, Param("budget, padding left out", unit="tokens", ge=1)] = 4_000_000
    batch_tokens: Annotated[int, Param("in one step of the optimiser", unit="tokens", ge=1)] = 8192
    micro_batch: Annotated[int, Param("sequences in one backward pass", ge=1)] = 32
    window: Annotated[
        int, Param("documents shuffled together, where they are streamed", unit="documents", ge=1)
    ] = 10_000
    lr: Annotated[float, Param("highest learning rate", gt=0)] = 3e-3
    warmup_steps: Annotated[int, Param("over which the learning rate rises from 0", ge=0)] = 175
    beta2: Annotated[float, Param("of Adam", ge=0, lt=1)] = 0.95
    weight_decay: Annotated[float, Param("of matrices, decoupled", ge=0)] = 0.1
