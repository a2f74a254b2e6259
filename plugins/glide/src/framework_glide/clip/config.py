"""Parameters of the model `glide/noised_clip`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from framework import Param
from framework.errors import UserError


@dataclass(frozen=True, kw_only=True)
class NoisedCLIPConfig:
    """Two transformers, their vocabulary and the noise they see."""

    image_size: Annotated[
        int | None, Param("width and height; the environment's if not given", unit="pixels", ge=4)
    ] = None
    patch_size: Annotated[int, Param("width and height of what is one position", unit="pixels", ge=1)] = 4
    embedding: Annotated[
        int, Param("dimensions captions and pictures are compared in; the text's width", ge=8)
    ] = 64
    text_layers: Annotated[int, Param("blocks of the text transformer", ge=1)] = 2
    image_width: Annotated[int, Param("of the image transformer", ge=8)] = 64
    image_layers: Annotated[int, Param("blocks of the image transformer", ge=1)] = 3
    head_width: Annotated[int, Param("units of a head of attention; the released CLIP has 64", ge=4)] = 16
    context: Annotated[int, Param("of a caption, start and end included", unit="tokens", ge=3)] = 32
    vocab_size: Annotated[
        int, Param("of a vocabulary learned from the environment's captions", unit="tokens", ge=257)
    ] = 512
    vocabulary: Annotated[
        Path | None, Param("folder with a released vocabulary, used instead of a learned one")
    ] = None
    schedule: Annotated[
        Literal["squaredcos_cap_v2", "linear"], Param("of the noise: that of the model to be guided")
    ] = "squaredcos_cap_v2"
    weights: Annotated[
        Path | None,
        Param(
            "checkpoint of a glide/noised_clip, or folder with the released clip_text_enc.pt and "
            "clip_image_enc.pt: architecture and weights are theirs"
        ),
    ] = None

    def __post_init__(self) -> None:
        for name in ("embedding", "image_width"):
            width = getattr(self, name)
            if width % self.head_width:
                raise UserError(
                    f"glide/noised_clip: {name} {width} cannot be cut into heads of {self.head_width}\n"
                    f"  choose a multiple of head_width"
                )
