"""Noised CLIP: what caption fits a noisy picture (section 2.4 of the paper)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_glide.clip.loading import build, load
    from framework_glide.clip.model import NoisedCLIP

__all__ = ["NoisedCLIP", "build", "load"]

# The parameters are read from a module in here, and they import no torch.
__getattr__ = lazily(__name__, {"NoisedCLIP": "model", "build": "loading", "load": "loading"})
