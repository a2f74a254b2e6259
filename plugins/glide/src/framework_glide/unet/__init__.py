"""The text-conditional UNet: base model, upsampler, inpainting. Imports nothing heavy before it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.lazy import lazily
from framework_glide.unet.config import TextOptions, UNetOptions

if TYPE_CHECKING:
    from framework_glide.unet.network import TextUNet
    from framework_glide.unet.text_transformer import Text, TextTransformer

__all__ = ["Text", "TextOptions", "TextTransformer", "TextUNet", "UNetOptions"]

__getattr__ = lazily(
    __name__, {"TextUNet": "network", "Text": "text_transformer", "TextTransformer": "text_transformer"}
)
