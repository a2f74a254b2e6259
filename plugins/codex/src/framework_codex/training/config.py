"""Parameters of the training algorithms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """The paper's optimiser and schedule (section 3.2), and how long."""

    tokens: Annotated[int, Param("budget, padding left out", unit="tokens", ge=1)] = 4_000_000
    batch_tokens: Annotated[int, Param("in one step of the optimiser", unit="tokens", ge=1)] = 8192
    micro_batch: Annotated[int, Param("sequences in one backward pass", ge=1)] = 32
    lr: Annotated[float, Param("highest learning rate", gt=0)] = 3e-3
    warmup_steps: Annotated[int, Param("over which the learning rate rises from 0", ge=0)] = 175
    final_lr: Annotated[float, Param("where the cosine ends, as a share of `lr`", ge=0, le=1)] = 0.1
    beta1: Annotated[float, Param("of Adam", ge=0, lt=1)] = 0.9
    beta2: Annotated[float, Param("of Adam", ge=0, lt=1)] = 0.95
    eps: Annotated[float, Param("of Adam", gt=0)] = 1e-8
    weight_decay: Annotated[float, Param("of matrices, decoupled", ge=0)] = 0.1
    clip: Annotated[float, Param("norm the gradient is cut to; 0 for none", ge=0)] = 1.0
    window: Annotated[
        int, Param("documents shuffled together, where they are streamed", unit="documents", ge=1)
    ] = 10_000
    seed: Annotated[int, Param("of the order of the data; the experiment's if not given", ge=0)] = 0
