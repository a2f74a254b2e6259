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

    context: Annotated[int, Param("length captions are padded or cut to", unit="tokens", ge=1)] = 32
    width: Annotated[int, Param("of the residual stream", ge=8)] = 64
    layers: Annotated[int, Param("blocks", ge=1)] = 2
    heads: Annotated[int, Param("of attention", ge=1)] = 2


@dataclass(frozen=True, kw_only=True)
class UNetConfig:
    """A text-conditional denoiser: architecture, tokenizer, noise schedule."""

    size: Annotated[
        int | None,
        Param("of its images; the environment's if not given", unit="pixels", ge=4),
    ] = None
    channels: Annotated[int, Param("of the first level; a multiple of `groups`", ge=8)] = 64
    multipliers: Annotated[
        tuple[float, ...], Param("channels of each level over `channels`; each level halves the image")
    ] = (1, 2)
    blocks: Annotated[int, Param("residual blocks of each level", ge=1)] = 1
    attention: Annotated[tuple[int, ...], Param("sizes at which there is attention", unit="pixels")] = (8,)
    head_channels: Annotated[int, Param("width of an attention head", ge=1)] = 32
    groups: Annotated[
        int, Param("of channels that are normalised together; the released networks have 32", ge=1)
    ] = 8
    dropout: Annotated[float, Param("in residual blocks, while training", ge=0, lt=1)] = 0.0
    text: Annotated[TextConfig, Param("the text transformer")] = TextConfig()
    vocabulary: Annotated[
        Path | None,
        Param("folder with a byte-pair vocabulary as GPT-2's; otherwise one is learned from the captions"),
    ] = None
    vocab_size: Annotated[int, Param("of a learned vocabulary, at most", unit="tokens", ge=258)] = 512
    schedule: Annotated[Schedule, Param("of the noise")] = "squaredcos_cap_v2"
    inpaint: Annotated[bool, Param("sees which part of the image is known")] = False
    weights: Annotated[
        Path | None,
        Param(
            "checkpoint of such a model, which brings architecture and vocabulary; or a released state dict"
        ),
    ] = None
    preset: Annotated[
        Size | None,
        Param("a size of the paper or of its release, instead of the architecture above"),
    ] = None
    precision: Annotated[
        Precision, Param("of sampling; auto is bfloat16 where the processor multiplies it natively")
    ] = "auto"
    checkpoint_blocks: Annotated[
        bool, Param("recompute activations in the backward pass: slower, and far less memory")
    ] = False

    def __post_init__(self) -> None:
        if self.preset is not None and self.vocabulary is None:
            raise UserError(
                f"preset: {self.preset} has the released vocabulary of 50,257 tokens\n"
                "  give the folder it is in as `vocabulary`: encoder.json and vocab.bpe, as GPT-2's"
            )


@dataclass(frozen=True, kw_only=True)
class UpsamplerConfig(UNetConfig):
    """A denoiser that also sees a smaller version of its image."""

    factor: Annotated[int, Param("how many times larger its images are than what it is given", ge=2)] = 4
    channels: Annotated[int, Param("of the first level; a multiple of `groups`", ge=8)] = 32
    multipliers: Annotated[
        tuple[float, ...], Param("channels of each level over `channels`; each level halves the image")
    ] = (1, 2, 2)
    attention: Annotated[tuple[int, ...], Param("sizes at which there is attention", unit="pixels")] = (16,)
    schedule: Annotated[Schedule, Param("of the noise")] = "linear"
