"""Parameters of the algorithm `glide/contrastive`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param
from framework_glide.training.config import ImageTrainingConfig


@dataclass(frozen=True, kw_only=True)
class ContrastiveConfig(ImageTrainingConfig):
    """How a noised CLIP learns."""

    images: Annotated[
        int,
        Param(
            "training budget: number of images to train on, repeats included",
            unit="images",
            ge=1,
            may_change=True,
        ),
    ] = 200_000
    lr: Annotated[float, Param("peak learning rate, reached after the warm-up", gt=0)] = 2e-3
    batch_size: Annotated[
        int,
        Param(
            "images per optimiser step on each device; negatives are the other pairs of a micro-batch",
            unit="images",
            ge=2,
        ),
    ] = 128
    noised: Annotated[
        bool, Param("train on every noise level; false: on clean images only, as a plain CLIP")
    ] = True
    timestep_power: Annotated[
        float,
        Param(
            "timesteps are drawn as u ** timestep_power, u uniform: 1 is uniform, more favours clean images",
            gt=0,
        ),
    ] = 1.0
