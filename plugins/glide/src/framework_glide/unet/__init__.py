"""The text-conditional UNet: base model, upsampler, inpainting. Imports nothing heavy before it is used."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from framework_glide.unet.config import TextOptions, UNetOptions

if TYPE_CHECKING:
    from framework_glide.unet.network import TextUNet
    from framework_glide.unet.text_transformer import Text, TextTransformer

_LAZY = {"TextUNet": "network", "Text": "text_transformer", "TextTransformer": "text_transformer"}

__all__ = ["Text", "TextOptions", "TextTransformer", "TextUNet", "UNetOptions"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
