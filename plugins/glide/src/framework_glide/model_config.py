"""Parameters of the models `glide/unet` and `glide/upsampler`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from framework import Param
from framework.errors import UserError
from framework.supervised.config import Precision
from framework_glide.unet.sizes import Size

Schedule: TypeAlias = Literal["squaredcos_cap_v2", "linear"]


@dataclass(frozen=True, kw_only=True)
class TextConfig:
    """The text transformer of a denoiser."""

    context: Annotated[int, Param("length that captions are padded or cut to", unit="tokens", ge=1)] = 32
    width: Annotated[int, Param("width of the text transformer's residual stream", ge=8)] = 64
    layers: Annotated[int, Param("number of transformer blocks", ge=1)] = 2
    heads: Annotated[int, Param("number of attention heads", ge=1)] = 2


@dataclass(frozen=True, kw_only=True)
class UNetConfig:
    """A text-conditional denoiser: architecture, tokenizer, noise schedule."""

    size: Annotated[
        int | None,
        Param("width and height of the images; default: the environment's", unit="pixels", ge=4),
    ] = None
    channels: Annotated[int, Param("channels of the first level; a multiple of `groups`", ge=8)] = 64
    multipliers: Annotated[
        tuple[float, ...],
        Param(
            "channels of each level, as multiples of `channels`; each halves the image size of the one before"
        ),
    ] = (1, 2)
    blocks: Annotated[int, Param("number of residual blocks per level", ge=1)] = 1
    attention: Annotated[
        tuple[int, ...], Param("image sizes of the levels with attention layers", unit="pixels")
    ] = (8,)
    head_channels: Annotated[int, Param("channels per attention head", ge=1)] = 32
    groups: Annotated[int, Param("number of GroupNorm groups; the released networks have 32", ge=1)] = 8
    dropout: Annotated[float, Param("dropout rate in the residual blocks", ge=0, lt=1)] = 0.0
    text: Annotated[TextConfig, Param("architecture of the text transformer")] = TextConfig()
    vocabulary: Annotated[
        Path | None,
        Param("folder with a byte-pair vocabulary in GPT-2's format; default: learn one from the captions"),
    ] = None
    vocab_size: Annotated[
        int, Param("maximum size of a vocabulary learned from the captions", unit="tokens", ge=258)
    ] = 512
    schedule: Annotated[Schedule, Param("noise schedule")] = "squaredcos_cap_v2"
    inpaint: Annotated[
        bool, Param("inpainting model: also takes the known part of the image and its mask")
    ] = False
    weights: Annotated[
        Path | None,
        Param(
            "checkpoint of such a model to load, or a folder in diffusers' layout, architecture and "
            "vocabulary included; or released weights"
        ),
    ] = None
    lora_rank: Annotated[
        int,
        Param(
            "rank of low-rank matrices that are trained beside the attention layers' `weights`, which stay "
            "(Hu et al. 2021); 0: all weights are trained",
            ge=0,
        ),
    ] = 0
    lora_alpha: Annotated[
        float, Param("what the low-rank matrices count, times their rank; as the rank: once", gt=0)
    ] = 16.0
    preset: Annotated[
        Size | None,
        Param(
            "architecture of the released models or the paper, in place of the one here; needs `vocabulary`"
        ),
    ] = None
    precision: Annotated[
        Precision, Param("precision of sampling; auto: bfloat16 where the processor multiplies it natively")
    ] = "auto"
    checkpoint_blocks: Annotated[
        bool, Param("activation checkpointing: recompute in the backward pass; slower, far less memory")
    ] = False

    def __post_init__(self) -> None:
        if self.lora_rank and self.weights is None:
            raise UserError(
                "lora_rank: there are no weights to adapt\n"
                "  give `weights`, or train all of them: lora_rank: 0"
            )
        if self.preset is not None and self.vocabulary is None:
            raise UserError(
                f"preset: {self.preset} has the released vocabulary of 50,257 tokens\n"
                "  give the folder it is in as `vocabulary`: encoder.json and vocab.bpe, as GPT-2's"
            )


@dataclass(frozen=True, kw_only=True)
class UpsamplerConfig(UNetConfig):
    """A denoiser that also sees a smaller version of its image."""

    factor: Annotated[int, Param("upsampling factor: output size over input size", ge=2)] = 4
    channels: Annotated[int, Param("channels of the first level; a multiple of `groups`", ge=8)] = 32
    multipliers: Annotated[
        tuple[float, ...],
        Param(
            "channels of each level, as multiples of `channels`; each halves the image size of the one before"
        ),
    ] = (1, 2, 2)
    attention: Annotated[
        tuple[int, ...], Param("image sizes of the levels with attention layers", unit="pixels")
    ] = (16,)
    schedule: Annotated[Schedule, Param("noise schedule")] = "linear"
