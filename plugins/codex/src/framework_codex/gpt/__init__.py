"""A GPT of code: tokenizer, model, sampling. Imports nothing heavy until it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framework.lazy import lazily

if TYPE_CHECKING:
    from framework_codex.gpt.builder import build, load
    from framework_codex.gpt.model import GPT
    from framework_codex.gpt.tokenizer import Tokenizer

__all__ = ["GPT", "Tokenizer", "build", "load"]

__getattr__ = lazily(
    __name__, {"GPT": "model", "Tokenizer": "tokenizer", "build": "builder", "load": "builder"}
)
