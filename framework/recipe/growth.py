"""Interpolated texts that multiply each other, refused before they fill the memory."""

from __future__ import annotations

import re
from typing import Any

from framework.recipe.problems import Findings, KeyPath

MAX_LENGTH = 100_000
_REFERENCE = re.compile(r"\$\{(\.*)([^${}:]*)\}")


def check_growth(data: dict[str | int, Any], findings: Findings) -> bool:
    """Report texts that would grow beyond `MAX_LENGTH` characters; return whether none does.

    `a: ${b}${b}`, `b: ${c}${c}`, ... doubles with every line: the length is added up from
    the texts as written, each looked at once.
    """
    texts: dict[tuple[str, ...], tuple[KeyPath, str]] = {}
    _collect(data, (), texts)
    lengths: dict[tuple[str, ...], int] = {}

    def length(path: tuple[str, ...]) -> int:
        if path not in lengths and path in texts:
            lengths[path] = 0  # an interpolation of itself ends here, and is reported elsewhere
            text = texts[path][1]
            lengths[path] = len(text) + sum(length(_target(path, *ref)) for ref in _REFERENCE.findall(text))
        return lengths.get(path, 0)

    too_long = [path for path in texts if length(path) > MAX_LENGTH]
    if too_long:
        shortest = min(too_long, key=lambda path: lengths[path])
        what = f"the interpolations grow to more than {MAX_LENGTH:,} characters"
        findings.add(texts[shortest][0], what, "they repeat each other")
    return not too_long


def _collect(data: Any, path: KeyPath, texts: dict[tuple[str, ...], tuple[KeyPath, str]]) -> None:
    if isinstance(data, str) and "${" in data:
        texts[tuple(map(str, path))] = (path, data)
    elif isinstance(data, (dict, list)):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            _collect(value, (*path, key), texts)


def _target(path: tuple[str, ...], dots: str, reference: str) -> tuple[str, ...]:
    keys = tuple(key for key in re.split(r"[.\[\]]+", reference) if key)
    return (*path[: len(path) - len(dots)], *keys) if dots else keys
