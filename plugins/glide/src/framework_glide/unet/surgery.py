"""Let a trained network see a partly known image (section 5.1)."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from framework.errors import UserError
from framework_glide.unet.config import UNetOptions

FIRST = "input_blocks.0.0.weight"


def see_masks(weights: Mapping[str, Tensor], options: UNetOptions) -> dict[str, Tensor]:
    """Widen the first convolution for the known image and its mask: 3 -> 7 channels, or 6 -> 10.

    The new channels' weights are zero, so that the network still answers as before. An upsampler's
    low-resolution image is last in the input, and its weights move there: 3:6 to 7:10.

    Args:
        weights: a state dict of `TextUNet(options)`.
        options: of the network that was trained, without `inpaint`.

    Returns:
        A state dict for the same options with `inpaint`.

    Raises:
        UserError: the network sees masks already, or the weights are of another one.
    """
    if options.inpaint:
        raise UserError("inpaint: this network sees masks already")
    if FIRST not in weights or weights[FIRST].shape[1] != options.in_channels:
        found = weights[FIRST].shape[1] if FIRST in weights else "no"
        raise UserError(
            f"inpaint: the weights' first convolution has {found} input channels; "
            f"the options need {options.in_channels}"
        )
    first, image = weights[FIRST], options.image_channels
    new = torch.zeros_like(first[:, :1]).expand(-1, image + 1, -1, -1)
    return {**weights, FIRST: torch.cat([first[:, :image], new, first[:, image:]], dim=1)}
