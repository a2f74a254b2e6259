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
        int | None, Param("width and height of the images; default: the environment's", unit="pixels", ge=4)
    ] = None
    patch_size: Annotated[int, Param("width and height of an image patch", unit="pixels", ge=1)] = 4
    embedding: Annotated[
        int, Param("dimension of the joint embedding, and width of the text transformer", ge=8)
    ] = 64
    text_layers: Annotated[int, Param("number of blocks of the text transformer", ge=1)] = 2
    image_width: Annotated[int, Param("width of the image transformer's residual stream", ge=8)] = 64
    image_layers: Annotated[int, Param("number of blocks of the image transformer", ge=1)] = 3
    head_width: Annotated[int, Param("width of an attention head; the released CLIP has 64", ge=4)] = 16
    context: Annotated[
        int, Param("length of captions, including the start and end tokens", unit="tokens", ge=3)
    ] = 32
    vocab_size: Annotated[
        int, Param("maximum size of a vocabulary learned from the captions", unit="tokens", ge=257)
    ] = 512
    vocabulary: Annotated[
        Path | None, Param("folder with a released vocabulary; default: learn one from the captions")
    ] = None
    schedule: Annotated[
        Literal["squaredcos_cap_v2", "linear"],
        Param("noise schedule; has to be that of the model to be guided"),
    ] = "squaredcos_cap_v2"
    weights: Annotated[
        Path | None,
        Param(
            "checkpoint of a glide/noised_clip to load, or folder with the released clip_text_enc.pt and "
            "clip_image_enc.pt, with their architecture"
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
