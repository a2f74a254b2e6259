"""A GPT of code: tokenizer, model, sampling. Imports nothing heavy until it is asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framework_codex.gpt.builder import build, load
    from framework_codex.gpt.model import GPT
    from framework_codex.gpt.tokenizer import Tokenizer

_LAZY = {"GPT": "model", "Tokenizer": "tokenizer", "build": "builder", "load": "builder"}

__all__ = ["GPT", "Tokenizer", "build", "load"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
