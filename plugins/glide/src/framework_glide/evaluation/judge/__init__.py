"""The judge: a small network, trained apart from the generator, that reads attributes from pictures."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework_glide.evaluation.judge.loading import build, load
    from framework_glide.evaluation.judge.model import Judge

__all__ = ["Judge", "build", "load"]

_LAZY = {"Judge": "model", "build": "loading", "load": "loading"}


def __getattr__(name: str) -> Any:
    # The parameters are read from a module in here, and they import no torch.
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
