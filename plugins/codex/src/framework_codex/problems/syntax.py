"""Parsing of other people's Python, without warnings about it."""

from __future__ import annotations

import ast
import builtins
import contextlib
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


def free_names(text: str) -> set[str]:
    """Names that some code reads and nowhere binds, quoted annotations included, built-in ones left out."""
    read: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
        for name in ("annotation", "returns"):
            quoted = getattr(node, name, None)
            if isinstance(quoted, ast.Constant) and isinstance(quoted.value, str):
                with contextlib.suppress(SyntaxError, ValueError):
                    read |= free_names(quoted.value)
    return read - bound - set(vars(builtins))
