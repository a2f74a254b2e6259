"""Noised CLIP: what caption fits a noisy picture (section 2.4 of the paper)."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework_glide.clip.loading import build, load
    from framework_glide.clip.model import NoisedCLIP

__all__ = ["NoisedCLIP", "build", "load"]

_LAZY = {"NoisedCLIP": "model", "build": "loading", "load": "loading"}


def __getattr__(name: str) -> Any:
    # The parameters are read from a module in here, and they import no torch.
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
