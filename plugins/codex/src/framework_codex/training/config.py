"""Parameters of the training algorithms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param
from framework.supervised.config import DescentConfig


@dataclass(frozen=True, kw_only=True)
class TrainingConfig(DescentConfig):
    """The paper's optimiser and schedule (section 3.2), and how long."""

    tokens: Annotated[
        int,
        Param("how many tokens to train on, padding not counted", unit="tokens", ge=1, may_change=True),
    ] = 4_000_000
    batch_tokens: Annotated[int, Param("tokens per optimizer step", unit="tokens", ge=1)] = 8192
    micro_batch: Annotated[
        int, Param("sequences per backward pass; smaller needs less memory, and gradients accumulate", ge=1)
    ] = 32
    window: Annotated[
        int, Param("size of the shuffle buffer, where documents are streamed", unit="documents", ge=1)
    ] = 10_000
    lr: Annotated[float, Param("peak learning rate, reached after the warm-up", gt=0)] = 3e-3
    warmup_steps: Annotated[int, Param("steps of linear warm-up from 0", ge=0)] = 175
    beta2: Annotated[float, Param("decay rate of AdamW's average of squared gradients", ge=0, lt=1)] = 0.95
    weight_decay: Annotated[float, Param("weight decay of AdamW, on matrices only", ge=0)] = 0.1
