"""Attention over an image, which sees the caption's tokens too."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from framework_glide.unet.config import GROUPS
from framework_glide.unet.norm import images_of, normalize, pixels_of
from framework_glide.unet.products import attend, linear


class AttentionBlock(nn.Module):
    """Self-attention whose keys and values begin with the caption's (section 4).

    Padded tokens are not masked: they have learned embeddings, which attention may use.

    Args:
        channels: of the image.
        heads: of attention; queries, keys and values of a head lie next to each other.
        text_width: of the caption's states; None for no text.
        groups: of the norm.
    """

    def __init__(self, channels: int, heads: int, text_width: int | None, groups: int = GROUPS) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        if text_width is not None:
            self.encoder_kv = nn.Conv1d(text_width, 2 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)  # type: ignore[arg-type]

    def text_keys_values(self, states: Tensor) -> Tensor:
        """Keys and values of captions.

        Args:
            states: `(b, text_width, n)`.

        Returns:
            `(b, 2, heads, n, head)`.
        """
        projected = linear(states.transpose(1, 2), self.encoder_kv.weight[:, :, 0], self.encoder_kv.bias)
        return projected.view(*projected.shape[:2], self.heads, 2, -1).permute(0, 3, 2, 1, 4)

    def forward(self, x: Tensor, text: Tensor | None = None) -> Tensor:
        """Mix.

        Args:
            x: `(b, channels, h, w)`.
            text: `text_keys_values` of each image's caption; None to see the image alone.

        Returns:
            As x.
        """
        pixels = pixels_of(normalize(x, self.norm, silu=False))
        qkv = linear(pixels, self.qkv.weight[:, :, 0], self.qkv.bias)
        q, k, v = qkv.view(*qkv.shape[:2], self.heads, 3, -1).permute(3, 0, 2, 1, 4)
        if text is not None:
            k = torch.cat([text[:, 0].to(k.dtype), k], dim=2)
            v = torch.cat([text[:, 1].to(v.dtype), v], dim=2)
        mixed = attend(q, k, v).transpose(1, 2).flatten(2)
        out = linear(mixed, self.proj_out.weight[:, :, 0], self.proj_out.bias)
        return x + images_of(out, x)
