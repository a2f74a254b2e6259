"""Parameters of the judge and of its training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from framework import Param
from framework.errors import UserError
from framework.supervised.config import Precision
from framework_glide.training.config import ImageTrainingConfig


@dataclass(frozen=True, kw_only=True)
class JudgeConfig:
    """Architecture of the network that reads attributes."""

    channels: Annotated[
        tuple[int, ...],
        Param(
            "channels of the convolutions at full, half, quarter... resolution; the last value repeats", ge=8
        ),
    ] = (32, 64, 128)
    features: Annotated[
        int, Param("number of features per picture, as used for the Fréchet distance", ge=1)
    ] = 128
    dropout: Annotated[float, Param("dropout rate of the features", ge=0, lt=1)] = 0.1
    weights: Annotated[Path | None, Param("checkpoint of a glide/judge to load, with its architecture")] = (
        None
    )

    def __post_init__(self) -> None:
        if not self.channels:
            raise UserError("channels: the list is empty; give the width of the first convolutions at least")
        for width in self.channels:
            if width % 8:
                raise UserError(f"channels: {width} is not a multiple of 8, which the normalisation needs")


@dataclass(frozen=True, kw_only=True)
class JudgingConfig(ImageTrainingConfig):
    """Parameters of the judge's training."""

    images: Annotated[
        int,
        Param(
            "training budget: number of images to train on, repeats included",
            unit="images",
            ge=1,
            may_change=True,
        ),
    ] = 256_000
    batch_size: Annotated[int, Param("images per optimiser step on each device", unit="images", ge=1)] = 128
    lr: Annotated[float, Param("peak learning rate, reached after the warm-up", gt=0)] = 2e-3
    final_lr: Annotated[
        float, Param("learning rate at the end of the cosine, as a share of `lr`", ge=0, le=1)
    ] = 0.0
    weight_decay: Annotated[float, Param("weight decay of AdamW, on matrices only", ge=0)] = 0.01
    # So small a network loses more to conversions than bfloat16 saves.
    precision: Annotated[Precision, Param("precision of matrix products and convolutions")] = "float32"
    noise: Annotated[
        float, Param("augmentation: maximum standard deviation of noise on pictures in -1..1", ge=0, le=1)
    ] = 0.1
    shift: Annotated[int, Param("augmentation: maximum random shift of pictures", unit="pixels", ge=0)] = 1
