"""What a UNet and its text transformer are made of: plain values, fit for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from framework import Param
from framework.errors import UserError

#: GroupNorm divides the channels of every layer of the released networks into so many groups.
GROUPS = 32


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """A text transformer (section 4 of the paper): parameters of `glide/text_transformer`."""

    vocab_size: Annotated[int, Param("vocabulary size of the token embedding", unit="tokens", ge=1)] = 50257
    context: Annotated[int, Param("length that captions are padded to", unit="tokens", ge=1)] = 128
    width: Annotated[int, Param("width of the text transformer's residual stream", ge=1)] = 512
    layers: Annotated[int, Param("number of transformer blocks", ge=0)] = 16
    heads: Annotated[int, Param("number of attention heads", ge=1)] = 8
    final_norm: Annotated[bool, Param("apply a LayerNorm after the last block")] = True
    padding_embedding: Annotated[bool, Param("use learned embeddings at padded positions")] = True
    projection: Annotated[
        int | None, Param("width of the projected caption embedding; default: `width`", ge=1)
    ] = None

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise UserError(
                f"text transformer: width {self.width} cannot be cut into {self.heads} heads\n"
                f"  choose a width that is a multiple of the heads"
            )


@dataclass(frozen=True, kw_only=True)
class UNetOptions:
    """A UNet of the ADM kind (Dhariwal and Nichol 2021), conditioned on text.

    Attributes:
        channels: of the first level.
        multipliers: channels of each level over `channels`; each level after the first halves the image.
        blocks: residual blocks of each level, on the way down; one more on the way up.
        attention_factors: levels with attention, by how many times smaller their image is: 2, 4, 8
            is 32, 16 and 8 px of 64 px.
        head_channels: width of a head; None for `heads` of them, whatever the width.
        heads: number of heads if `head_channels` is None.
        heads_up: the same on the way up; None for as many as on the way down.
        groups: of GroupNorm, in every layer. A group of one channel forgets an image's mean colour, so
            32 of them do not suit the narrowest networks.
        image_channels: of the picture that is denoised.
        out_channels: twice those if the variance is learned.
        dropout: in every residual block, while training.
        scale_shift: timestep and text scale and shift the normalised activations; otherwise they are added.
        residual_resampling: residual blocks halve and double the image; otherwise convolutions do.
        learned_resampling: without residual resampling: a strided convolution halves and one follows
            the doubling; otherwise pooling and repetition alone.
        text: the text transformer; None for a network without text.
        low_res: an upsampler, which sees a smaller image.
        inpaint: sees the known part of an image, and which part that is.
        checkpoint_blocks: recompute activations in the backward pass: slower, and far less memory.
    """

    channels: int = 192
    multipliers: tuple[float, ...] = (1, 2, 3, 4)
    blocks: int = 3
    attention_factors: tuple[int, ...] = (2, 4, 8)
    head_channels: int | None = 64
    heads: int = 1
    heads_up: int | None = None
    groups: int = GROUPS
    image_channels: int = 3
    out_channels: int = 6
    dropout: float = 0.1
    scale_shift: bool = True
    residual_resampling: bool = True
    learned_resampling: bool = True
    text: TextOptions | None = TextOptions()
    low_res: bool = False
    inpaint: bool = False
    checkpoint_blocks: bool = False

    def __post_init__(self) -> None:
        for multiplier, width in zip(self.multipliers, self.widths, strict=True):
            if width % self.groups or width <= 0:
                raise UserError(
                    f"unet: {self.channels} channels times {multiplier} is not a multiple of {self.groups}, "
                    f"which GroupNorm needs\n  choose channels that are a multiple of {self.groups}"
                )
        for factor, width in zip(self.factors, self.widths, strict=True):
            if factor not in self.attention_factors and factor != self.factors[-1]:
                continue
            cuts = {self.head_channels} if self.head_channels else {self.heads, self.heads_up or self.heads}
            if any(width % cut for cut in cuts if cut):
                raise UserError(
                    f"unet: {width} channels at 1/{factor} of the image cannot be cut into heads "
                    f"{'of' if self.head_channels else 'numbering'} {' or '.join(map(str, sorted(cuts)))}\n"
                    f"  choose head_channels, heads or multipliers so that they can"
                )

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each level."""
        return tuple(int(multiplier * self.channels) for multiplier in self.multipliers)

    @property
    def factors(self) -> tuple[int, ...]:
        """How many times smaller the image of each level is: 1, 2, 4..."""
        return tuple(2**level for level in range(len(self.multipliers)))

    @property
    def in_channels(self) -> int:
        """Of the first convolution: picture, known part and mask, low-resolution picture, in this order."""
        images = 1 + self.inpaint + self.low_res
        return images * self.image_channels + self.inpaint

    def heads_of(self, width: int, up: bool = False) -> int:
        """Attention heads of a layer so many channels wide."""
        if self.head_channels is not None:
            return width // self.head_channels
        return self.heads_up if up and self.heads_up is not None else self.heads

    def to_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> UNetOptions:
        """The inverse of `to_dict`, also after a journey through JSON.

        Raises:
            UserError: a name that is no option.
        """
        plain = dict(values)
        text = plain.pop("text", None)
        try:
            options = cls(text=None if text is None else TextOptions(**text), **plain)
        except TypeError as error:
            raise UserError(f"unet: these are not the options of a UNet: {error}") from error
        return replace(
            options,
            multipliers=tuple(options.multipliers),
            attention_factors=tuple(int(factor) for factor in options.attention_factors),
        )
