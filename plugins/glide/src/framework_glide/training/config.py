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

    images: Annotated[
        int,
        Param(
            "training budget: number of images to train on, repeats included",
            unit="images",
            ge=1,
            may_change=True,
        ),
    ] = 100_000
    batch_size: Annotated[int, Param("images per optimiser step on each device", unit="images", ge=1)] = 32
    micro_batch: Annotated[
        int,
        Param(
            "images per backward pass, gradients being accumulated; 0: the whole batch", unit="images", ge=0
        ),
    ] = 0
    ema: Annotated[
        tuple[float, ...],
        Param("EMA decay rates of the weights; the slowest average is the one evaluated and sampled from"),
    ] = ()
    precision: Annotated[
        Precision, Param("precision of matrix products and convolutions; auto: bfloat16 where it is native")
    ] = "auto"
    window: Annotated[
        int, Param("number of images per shuffle window when the data is streamed", unit="images", ge=1)
    ] = 10_000

    def __post_init__(self) -> None:
        if not all(0 <= decay < 1 for decay in self.ema):
            raise UserError(f"ema: decays lie in 0..1, below 1; got {list(self.ema)}")


@dataclass(frozen=True, kw_only=True)
class DenoisingConfig(ImageTrainingConfig):
    """Learning to denoise: a base model, or an upsampler."""

    caption_dropout: Annotated[
        float, Param("share of captions dropped in training, for classifier-free guidance", ge=0, le=1)
    ] = 0.2
    min_snr: Annotated[
        float,
        Param("gamma of min-SNR loss weighting (Hang et al. 2023); 0: equal weights", ge=0),
    ] = 0.0
    blur: Annotated[
        float,
        Param(
            "upsamplers only: maximum standard deviation of Gaussian blur on the input",
            unit="low-res pixels",
            ge=0,
        ),
    ] = 0.6
    low_noise: Annotated[
        float, Param("upsamplers only: maximum standard deviation of noise on the input in -1..1", ge=0, le=1)
    ] = 0.1
    ema: Annotated[
        tuple[float, ...],
        Param("EMA decay rates of the weights; the slowest average is the one evaluated and sampled from"),
    ] = (0.99, 0.999)
    guide: Annotated[Path | None, Param("checkpoint of a CLIP for guidance in `framework play`")] = None


@dataclass(frozen=True, kw_only=True)
class InpaintingConfig(DenoisingConfig):
    """Learning to fill in what a mask hides."""

    everything: Annotated[
        float, Param("share of training images whose mask hides the whole image", ge=0, le=1)
    ] = 0.1


@dataclass(frozen=True, kw_only=True)
class UpsamplingConfig(DenoisingConfig):
    """Learning to enlarge, and what else there is between a caption and a large image."""

    base: Annotated[
        Path | None, Param("checkpoint of the model that samples small images in `framework play`")
    ] = None
    inpainter: Annotated[
        Path | None, Param("checkpoint of the inpainting model in `framework play`; default: `base`")
    ] = None
    temperature: Annotated[
        float,
        Param(
            "factor of the noise that the upsampler begins with in `framework play`; 0.997 for the "
            "released one",
            gt=0,
        ),
    ] = 1.0
