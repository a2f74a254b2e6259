"""Parsing of other people's Python, without warnings about it."""

from __future__ import annotations

import ast
import warnings


def parse(source: str) -> ast.Module:
    """The syntax tree.

    Raises:
        ValueError: it is not Python, or too deep to be parsed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"not Python: {error}") from None


def parse_or_none(source: str) -> ast.Module | None:
    """The syntax tree, or None where there is none."""
    try:
        return parse(source)
    except ValueError:
        return None
