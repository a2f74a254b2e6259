"""Parameters of the algorithm `glide/contrastive`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param
from framework_glide.training.config import ImageTrainingConfig


@dataclass(frozen=True, kw_only=True)
class ContrastiveConfig(ImageTrainingConfig):
    """How a noised CLIP learns."""

    images: Annotated[int, Param("budget", unit="images", ge=1)] = 200_000
    lr: Annotated[float, Param("highest learning rate", gt=0)] = 2e-3
    batch_size: Annotated[
        int,
        Param("images in one step; the others' captions are what each is told from", unit="images", ge=2),
    ] = 128
    noised: Annotated[
        bool, Param("whether it sees every noise level, or clean pictures alone as a plain CLIP")
    ] = True
    timestep_power: Annotated[
        float,
        Param("noise levels are drawn as u ** this, u uniform: 1 for all alike, more for cleaner ones", gt=0),
    ] = 1.0
