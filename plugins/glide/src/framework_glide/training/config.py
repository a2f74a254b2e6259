"""Parameters of the training algorithms."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from framework import Param
from framework.errors import UserError
from framework.supervised.config import DescentConfig, Precision


@dataclass(frozen=True, kw_only=True)
class ImageTrainingConfig(DescentConfig):
    """How long a network learns from images, and in what arithmetic."""

    images: Annotated[int, Param("budget", unit="images", ge=1)] = 100_000
    batch_size: Annotated[int, Param("images in one step of the optimiser", unit="images", ge=1)] = 32
    micro_batch: Annotated[
        int, Param("images in one backward pass; 0 for the whole batch", unit="images", ge=0)
    ] = 0
    ema: Annotated[
        tuple[float, ...], Param("decays of moving averages of the weights; the slowest is sampled from")
    ] = ()
    precision: Annotated[
        Precision, Param("of products and convolutions; auto is bfloat16 where the processor has it")
    ] = "auto"
    window: Annotated[
        int, Param("images shuffled together, where they are streamed", unit="images", ge=1)
    ] = 10_000

    def __post_init__(self) -> None:
        if not all(0 <= decay < 1 for decay in self.ema):
            raise UserError(f"ema: decays lie in 0..1, below 1; got {list(self.ema)}")


@dataclass(frozen=True, kw_only=True)
class DenoisingConfig(ImageTrainingConfig):
    """Learning to denoise: a base model, or an upsampler."""

    caption_dropout: Annotated[
        float, Param("share of captions left out, for guidance without a classifier", ge=0, le=1)
    ] = 0.2
    min_snr: Annotated[
        float,
        Param("gamma of the min-SNR weights of timesteps (Hang et al. 2023); 0 for equal weights", ge=0),
    ] = 0.0
    blur: Annotated[
        float, Param("largest blur of what an upsampler is given", unit="low-res pixels", ge=0)
    ] = 0.6
    low_noise: Annotated[
        float, Param("largest noise in what an upsampler is given, of images in -1..1", ge=0, le=1)
    ] = 0.1
    ema: Annotated[
        tuple[float, ...], Param("decays of moving averages of the weights; the slowest is sampled from")
    ] = (0.99, 0.999)
    guide: Annotated[Path | None, Param("checkpoint of the CLIP that guides, for play")] = None


@dataclass(frozen=True, kw_only=True)
class InpaintingConfig(DenoisingConfig):
    """Learning to fill in what a mask hides."""

    everything: Annotated[float, Param("share of images that are hidden as a whole", ge=0, le=1)] = 0.1


@dataclass(frozen=True, kw_only=True)
class UpsamplingConfig(DenoisingConfig):
    """Learning to enlarge, and what else there is between a caption and a large image."""

    base: Annotated[Path | None, Param("checkpoint of the model that makes small images, for play")] = None
    inpainter: Annotated[Path | None, Param("checkpoint of the model that fills in masks, for play")] = None
