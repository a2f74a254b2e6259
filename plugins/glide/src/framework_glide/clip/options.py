"""The architecture of a noised CLIP, apart from where its vocabulary and weights come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class NoisedCLIPOptions:
    """Sizes of the two transformers, and the noise they are made for.

    Attributes:
        image_size: width and height of the pictures, in pixels.
        patch_size: width and height of what is one position, in pixels.
        vocab_size: rows of the embedding of tokens.
        context: tokens of a caption, start and end included.
        embedding: dimensions in which captions and pictures are compared; also the width of
            the text transformer.
        text_layers, text_heads: of the text transformer.
        image_width, image_layers, image_heads: of the image transformer.
        timesteps: noise levels.
        schedule: of the noise.
    """

    image_size: int
    patch_size: int
    vocab_size: int
    context: int
    embedding: int
    text_layers: int
    text_heads: int
    image_width: int
    image_layers: int
    image_heads: int
    timesteps: int = 1000
    schedule: str = "squaredcos_cap_v2"

    def __post_init__(self) -> None:
        if self.image_size % self.patch_size:
            raise ValueError(
                f"pictures of {self.image_size} px cannot be cut into patches of {self.patch_size} px"
            )
        for width, heads in ((self.embedding, self.text_heads), (self.image_width, self.image_heads)):
            if width % heads:
                raise ValueError(f"a width of {width} cannot be cut into {heads} heads")

    @property
    def patches(self) -> int:
        """Of a picture."""
        return (self.image_size // self.patch_size) ** 2

    @classmethod
    def from_reference(cls, names: Mapping[str, Any]) -> NoisedCLIPOptions:
        """From the released configuration's names; those that it has no use for are ignored."""
        return cls(
            image_size=names["image_size"],
            patch_size=names["patch_size"],
            vocab_size=names["n_vocab"],
            context=names["max_text_len"],
            embedding=names["n_embd"],
            text_layers=names["n_xf_blocks_text"],
            text_heads=names["n_head_text"],
            image_width=names["n_head_image"] * names["n_head_state_image"],
            image_layers=names["n_xf_blocks_image"],
            image_heads=names["n_head_image"],
            timesteps=names["n_timesteps"],
            schedule=names.get("beta_schedule", "squaredcos_cap_v2"),
        )
