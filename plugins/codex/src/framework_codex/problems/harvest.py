"""Documented functions in Python source: signature, docstring, body.

Section 3.1 drops files that are likely generated, have long lines or few alphanumeric
characters. Of the others, functions are kept that have a docstring and do something.
"""

from __future__ import annotations

import ast
import os
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from framework_codex.problems.syntax import parse_or_none

Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

#: Section 3.1: characters of lines and files.
MEAN_LINE, LONGEST_LINE, LARGEST_FILE = 100, 1000, 1_000_000
LEAST_ALPHANUMERIC = 0.25

_TESTS = re.compile(r"tests?|testing|idle_test|conftest|test_\w+|\w+_tests?")
_NOT_SOURCE = re.compile(r"\..*|__pycache__|site-packages|dist-packages|node_modules|build")
_GENERATED = re.compile(
    r"(generated (automatically|by|from|with)|auto-?generated|do not edit)", re.IGNORECASE
)


@dataclass(frozen=True)
class Function:
    """A documented function, moved to the left margin; `origin` is `file:line`."""

    text: str
    origin: str


def python_files(root: Path) -> list[Path]:
    """The .py files below a folder, sorted; tests, hidden folders and other packages left out."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not (_TESTS.fullmatch(name) or _NOT_SOURCE.fullmatch(name))]
        found += [
            Path(folder, name) for name in names if name.endswith(".py") and not _TESTS.fullmatch(name[:-3])
        ]
    return sorted(found)


def harvest(files: Iterable[tuple[str, Path]], longest: int) -> Iterator[Function]:
    """The documented functions and methods of files, in their order.

    Files that cannot be read as Python are passed over.

    Args:
        files: a name for `origin`, and where the file is.
        longest: characters of the longest function.
    """
    for name, path in files:
        source = _read(path)
        if source is None or _GENERATED.search(source[:1000]) or not acceptable(source):
            continue
        tree = parse_or_none(source)
        if tree is None:
            continue
        lines = source.split("\n")
        for node in definitions(tree):
            text = _text(node, lines)
            if len(text) <= longest and acceptable(text):
                yield Function(text, f"{name}:{node.lineno}")


def acceptable(text: str) -> bool:
    """Whether a text keeps section 3.1's limits of lines and of alphanumeric characters."""
    lines = text.splitlines() or [""]
    longest = max(map(len, lines))
    alphanumeric = sum(map(str.isalnum, text))
    return (
        sum(map(len, lines)) < MEAN_LINE * len(lines)
        and longest < LONGEST_LINE
        and alphanumeric > LEAST_ALPHANUMERIC * len(text)
    )


def definitions(tree: ast.Module) -> Iterator[Definition]:
    """Functions of modules and methods of classes that have a docstring and a body."""
    waiting: list[ast.stmt] = tree.body[::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef | ast.If | ast.Try):
            waiting += node.body[::-1]
        elif isinstance(node, Definition) and _is_documented(node):
            yield node


def _is_documented(node: Definition) -> bool:
    return bool(ast.get_docstring(node, clean=False)) and not all(map(_is_empty, node.body[1:]))


def _is_empty(statement: ast.stmt) -> bool:
    """Whether it is a placeholder: `pass`, `...`, `raise NotImplementedError`."""
    if isinstance(statement, ast.Raise):
        raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
        return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _text(node: Definition, lines: list[str]) -> str:
    """From `def` to the end of the body, without decorators and indentation."""
    margin = lines[node.lineno - 1][: node.col_offset]
    body = [line.removeprefix(margin).rstrip() for line in lines[node.lineno - 1 : node.end_lineno]]
    return "\n".join(body) + "\n"


def _read(path: Path) -> str | None:
    """The source in whatever encoding it declares, its lines ended as Python does."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            return None
        with tokenize.open(path) as file:
            return file.read().replace("\f", "")
    except (OSError, SyntaxError, UnicodeError, LookupError):
        return None
