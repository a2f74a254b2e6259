"""The tests of one problem, compiled once: what runs outside the sandbox, and only there."""

from __future__ import annotations

import ast
import builtins
import hashlib
import json
import random
import sys
from collections.abc import Iterator
from types import CodeType
from typing import Any

from framework.errors import UserError
from framework_codex.problem import Problem

from .inside import codec

#: The module name that trusted code is executed under.
_MODULE = "tests"


class Trusted:
    """The code of a problem's tests.

    Args:
        problem: whose.

    Raises:
        UserError: its tests are no Python, or its cases no data.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.helpers = _longest_prefix(problem)
        self.setup = self._compile("setup", problem.setup)
        test = problem.test if problem.test_kind != "cases" else ""
        self.test = self._compile("test", test)
        self.wanted = _free_names(f"{problem.setup}\n{test}") - set(vars(builtins))
        digest = hashlib.sha256(problem.task_id.encode()).digest()
        self.seed = int.from_bytes(digest[:4], "little")
        self.arguments: list[list[Any]] = self._cases() if problem.test_kind == "cases" else []
        self.expected: list[Any] | None = None
        self.expected_bytes = 0

    def namespace(self) -> dict[str, Any]:
        """Names the tests stand on: what the prompt defines, except its classes.

        A class of the prompt's is the program's, since programs look into its instances. Classes of
        exceptions stay, for tests to catch.
        """
        names: dict[str, Any] = {"__name__": _MODULE}
        if self.helpers is not None:
            exec(self.helpers, names)
        for name, value in list(names.items()):
            if isinstance(value, type) and value.__module__ == _MODULE and not issubclass(value, Exception):
                del names[name]
        names.pop(self.problem.entry_point, None)
        return names

    def exceptions(self, namespace: dict[str, Any]) -> dict[str, type[Exception]]:
        """Classes of exceptions that the prompt defines."""
        return {
            name: value
            for name, value in namespace.items()
            if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == _MODULE
        }

    def remote(self, namespace: dict[str, Any]) -> Iterator[str]:
        """Names the tests use that only the program can supply."""
        yield self.problem.entry_point
        yield from (
            name for name in self.wanted if name not in namespace and name != self.problem.entry_point
        )

    def seed_generators(self) -> None:
        """Make tests that draw numbers draw the same every time."""
        random.seed(self.seed)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(self.seed)

    def body(self) -> bytes:
        """All cases as one request."""
        encoder = codec.Encoder(rebuild=True)
        encoder.write(self.problem.entry_point)
        for arguments in self.arguments:
            encoder.write(arguments)
        return bytes(encoder.out)

    def _compile(self, part: str, text: str) -> CodeType:
        try:
            return compile(text, f"<{part} of {self.problem.task_id}>", "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise UserError(
                f"problem {self.problem.task_id}: its {part} is no Python: {error}\n"
                "  correct the problem's file"
            ) from None

    def _cases(self) -> list[list[Any]]:
        try:
            cases = self.problem.arguments()
        except json.JSONDecodeError as error:
            raise UserError(f"problem {self.problem.task_id}: its cases are no JSON: {error}") from None
        if not self.problem.canonical_solution:
            raise UserError(
                f"problem {self.problem.task_id}: its tests are cases, and it has no canonical solution\n"
                "  the expected results are those of the canonical solution: give one"
            )
        return cases


def _longest_prefix(problem: Problem) -> CodeType | None:
    """As much of the prompt as is Python by itself: an infilling prompt stops within a function."""
    lines = problem.prompt.splitlines(keepends=True)
    while lines:
        try:
            return compile("".join(lines), "<prompt>", "exec", dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError):
            lines.pop()
    return None


def _free_names(text: str) -> set[str]:
    """Names that some code reads and nowhere binds."""
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
    return read - bound
