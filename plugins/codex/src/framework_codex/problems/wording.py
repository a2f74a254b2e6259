"""Docstrings of chains, and the chain a docstring describes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from framework_codex.problems.blocks import BLOCKS, Block

Chain: TypeAlias = tuple[Block, ...]

_BY_WORDING = {wording: block for block in BLOCKS for wording in block.wordings}
_QUOTES = re.compile(r'^\s*[rR]?("""|\'\'\')|("""|\'\'\')\s*$')
_THEN = re.compile(r",? then ", re.IGNORECASE)
_ITEM = re.compile(r"^[-*•]\s+(.*)$")


def sentence(wordings: Sequence[str]) -> str:
    """One sentence, the steps joined by "then"."""
    text = ", then ".join(wordings)
    return text[0].upper() + text[1:] + "."


def bullets(wordings: Sequence[str], heading: str) -> str:
    """A heading and a list, as in the paper's example; indented like a body."""
    return "\n".join([heading, "", *(f"    - {wording}" for wording in wordings), "    "])


def parse_docstring(text: str) -> list[Block] | None:
    """The blocks a docstring names, in their order; the inverse of `sentence` and `bullets`.

    Case, quotes, line breaks within a sentence and the final full stop do not matter; any of
    a block's wordings will do.

    Returns:
        None where a step is none of the known ones, or there is none.
    """
    text = _QUOTES.sub("", text.strip())
    items = [match[1] for line in text.splitlines() if (match := _ITEM.match(line.strip()))]
    steps = items or _THEN.split(" ".join(text.split()))
    blocks = [_block(step) for step in steps]
    found = [block for block in blocks if block is not None]
    return found if found and len(found) == len(blocks) else None


def _block(step: str) -> Block | None:
    words = " ".join(step.lower().split())
    return _BY_WORDING.get(words) or _BY_WORDING.get(words.rstrip(".,; "))
