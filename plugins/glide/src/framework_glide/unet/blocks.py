"""Residual blocks and what halves and doubles an image."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

import torch.nn.functional as F
from torch import Tensor, nn

from framework_glide.unet.config import GROUPS
from framework_glide.unet.norm import images_of, normalize, pixels_of
from framework_glide.unet.products import linear

Resampling: TypeAlias = Literal["none", "down", "up"]


def resample(x: Tensor, resampling: Resampling) -> Tensor:
    """Halve an image by averaging, double it by repeating, or leave it."""
    if resampling == "down":
        return F.avg_pool2d(x, 2)
    if resampling == "up":
        return F.interpolate(x, scale_factor=2.0, mode="nearest")
    return x


def upsampled(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """Double an image by repeating, and convolve it with 3 x 3: as one transposed convolution.

    Neighbours that are the same need not be multiplied twice: 16 products instead of 36. The
    kernel is that of the convolution, blurred by the 2 x 2 that repeating is.
    """
    flipped = F.pad(conv.weight.flip(2, 3), (1, 1, 1, 1))
    rows = flipped[:, :, :-1] + flipped[:, :, 1:]
    kernel = rows[..., :-1] + rows[..., 1:]
    return F.conv_transpose2d(x, kernel.transpose(0, 1), conv.bias, stride=2, padding=1)


class Downsample(nn.Module):
    """Halves an image: a strided convolution, or the mean of four.

    Args:
        channels: of the image.
        learned: convolve.
    """

    def __init__(self, channels: int, learned: bool) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, 2, 1) if learned else nn.AvgPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """`(b, channels, h, w)` to `(b, channels, h / 2, w / 2)`."""
        return self.op(x)  # type: ignore[no-any-return]


class Upsample(nn.Module):
    """Doubles an image by repeating, and perhaps convolves.

    Args:
        channels: of the image.
        learned: convolve.
    """

    def __init__(self, channels: int, learned: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, 1, 1) if learned else None

    def forward(self, x: Tensor) -> Tensor:
        """`(b, channels, h, w)` to `(b, channels, 2 h, 2 w)`."""
        return resample(x, "up") if self.conv is None else upsampled(x, self.conv)


class ResBlock(nn.Module):
    """Two normalised convolutions beside a skip connection, conditioned on timestep and text.

    Args:
        channels: of the image.
        out_channels: of the result.
        embedding: width of the conditioning vector.
        dropout: before the last convolution.
        scale_shift: the condition scales and shifts the second norm's output; otherwise it is added before.
        resampling: of the image, between the first norm and convolution, and of the skip connection.
        groups: of the norms.
    """

    def __init__(
        self,
        channels: int,
        out_channels: int,
        embedding: int,
        dropout: float,
        scale_shift: bool = True,
        resampling: Resampling = "none",
        groups: int = GROUPS,
    ) -> None:
        super().__init__()
        self.scale_shift = scale_shift
        self.resampling = resampling
        # The names of the released layout are places in these lists; the Identity and SiLU hold them.
        self.in_layers = nn.Sequential(
            nn.GroupNorm(groups, channels), nn.SiLU(), nn.Conv2d(channels, out_channels, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(
            nn.SiLU(), nn.Linear(embedding, out_channels * (2 if scale_shift else 1))
        )
        last = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        self.out_layers = nn.Sequential(
            nn.GroupNorm(groups, out_channels), nn.SiLU(), nn.Dropout(dropout), last
        )
        self.skip_connection = (
            nn.Identity() if channels == out_channels else nn.Conv2d(channels, out_channels, 1)
        )

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Transform.

        Args:
            x: `(b, channels, h, w)`.
            condition: `(b or 1, embedding)`, after its SiLU, which is the same for every block.

        Returns:
            `(b, out_channels, h', w')`.
        """
        h = normalize(x, cast(nn.GroupNorm, self.in_layers[0]))
        conv = cast(nn.Conv2d, self.in_layers[2])
        h = upsampled(h, conv) if self.resampling == "up" else conv(resample(h, self.resampling))
        x = resample(x, self.resampling)
        added = self.emb_layers[1](condition)
        norm, _, dropout, last = self.out_layers
        norm = cast(nn.GroupNorm, norm)
        if self.scale_shift:
            h = normalize(h, norm, *added.chunk(2, dim=1))
        else:
            h = normalize(h + added[:, :, None, None], norm)
        return self._skip(x) + last(dropout(h))  # type: ignore[no-any-return]

    def _skip(self, x: Tensor) -> Tensor:
        skip = self.skip_connection
        if isinstance(skip, nn.Conv2d):
            return images_of(linear(pixels_of(x), skip.weight[:, :, 0, 0], skip.bias), x)
        return x
