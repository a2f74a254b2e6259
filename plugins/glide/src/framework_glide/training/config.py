"""Parameters of the training algorithms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param
from framework.errors import UserError
from framework.learning.config import DescentConfig, Precision


@dataclass(frozen=True, kw_only=True)
class ImageTrainingConfig(DescentConfig):
    """How long a network learns from images, and in what arithmetic."""

    images: Annotated[int, Param("budget", unit="images", ge=1)] = 100_000
    batch_size: Annotated[int, Param("images in one step of the optimiser", unit="images", ge=1)] = 32
    micro_batch: Annotated[
        int, Param("images in one backward pass; 0 for the whole batch", unit="images", ge=0)
    ] = 0
    ema: Annotated[list[float], Param("decays of moving averages of the weights; [] for none")] = field(
        default_factory=list
    )
    precision: Annotated[
        Precision, Param("of products and convolutions; auto is bfloat16 where the processor has it")
    ] = "auto"
    window: Annotated[
        int, Param("images shuffled together, where they are streamed", unit="images", ge=1)
    ] = 10_000

    def __post_init__(self) -> None:
        if not all(0 <= decay < 1 for decay in self.ema):
            raise UserError(f"ema: decays lie in 0..1, below 1; got {list(self.ema)}")
