"""The paper's networks and the released ones (sections 4 and 4.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

from framework_glide.unet.config import TextOptions, UNetOptions

Size: TypeAlias = Literal["base", "upsampler", "paper-base", "paper-upsampler"]

_BASE = UNetOptions()
_UPSAMPLER = replace(
    _BASE, multipliers=(1, 1, 2, 2, 4, 4), blocks=2, attention_factors=(8, 16, 32), low_res=True
)

#: `base` and `upsampler` are the released ones, of 64 and 256 px and about 300 million parameters;
#: the paper's have 3.5 and 1.5 billion (the depth of its upsampler's text
#: transformer is not stated; 16 blocks give that number). All take `replace(..., inpaint=True)`.
SIZES: Mapping[Size, UNetOptions] = {
    "base": _BASE,
    "upsampler": _UPSAMPLER,
    "paper-base": replace(_BASE, channels=512, text=TextOptions(width=2048, layers=24, heads=32)),
    "paper-upsampler": replace(_UPSAMPLER, channels=384, text=TextOptions(width=1024, layers=16, heads=16)),
}

#: Width and height of their images, in pixels.
PIXELS: Mapping[Size, int] = {"base": 64, "upsampler": 256, "paper-base": 64, "paper-upsampler": 256}
