"""Codex-D turned around: from a function's code to its docstring (section 5 of the paper)."""

from __future__ import annotations

import ast
from typing import NamedTuple

#: What ends a docstring, and so a sample of a model that writes docstrings.
STOP = ('"""',)


class Described(NamedTuple):
    """A function taken apart.

    Attributes:
        code: the function without its docstring.
        docstring: its docstring, dedented; empty if there is none.
    """

    code: str
    docstring: str


def take_apart(prompt: str, completion: str) -> Described:
    """Part the docstring at the end of a prompt from the code around it.

    Args:
        prompt: imports, helpers and the head of a function, ending with its docstring.
        completion: the body; it need not be valid Python.
    """
    try:
        tree = ast.parse(prompt + "    pass\n")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Described(prompt + completion, "")
    functions = [node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    docstring = ast.get_docstring(functions[-1]) if functions else None
    if docstring is None:
        return Described(prompt + completion, "")
    node = functions[-1].body[0]
    lines = prompt.splitlines(keepends=True)
    assert node.end_lineno is not None
    head = "".join(lines[: node.lineno - 1] + lines[node.end_lineno :])
    return Described(head + completion, docstring)


def describe_prompt(code: str) -> str:
    """What a docstring model continues: the code, then an open docstring."""
    return f'{code.rstrip()}\n"""'


def describe_completion(docstring: str) -> str:
    """What it should answer."""
    return f'{docstring.strip()}"""\n'
