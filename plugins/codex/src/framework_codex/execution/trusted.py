"""The tests of one problem, compiled once: what runs outside the sandbox, and only there."""

from __future__ import annotations
import __future__

import ast
import contextlib
import functools
import hashlib
import json
import operator
import random
import re
import sys
import types
from collections.abc import Iterator
from typing import Any

from framework.errors import UserError
from framework_codex.problem import Problem
from framework_codex.problems.syntax import free_names

from .inside import codec
from .rules import Rules
from .served import MODULE

#: Flags of `from __future__` imports, which hold from where they stand to the end of the tests.
_FUTURE = functools.reduce(
    operator.or_, (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names)
)

_NAME = re.compile(r"name '(\w+)' is not defined")


class Trusted:
    """The code of a problem's tests.

    Args:
        problem: whose.

    Raises:
        UserError: its tests are no Python, or its cases no data.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.helpers, prompt = _longest_prefix(problem.prompt)
        self.flags = self.helpers.co_flags & _FUTURE
        self.setup = self._compile("setup", problem.setup)
        self.flags |= self.setup.co_flags & _FUTURE
        test = problem.test if problem.test_kind != "cases" else ""
        self.test = self._compile("test", test)
        self.wanted = set().union(*map(free_names, (prompt, problem.setup, test)))
        self.has_classes = _has_classes(prompt) or _has_classes(problem.setup)
        digest = hashlib.sha256(problem.task_id.encode()).digest()
        self.seed = int.from_bytes(digest[:4], "little")
        self.arguments: list[list[Any]] = self._cases() if problem.test_kind == "cases" else []
        self.expected: list[Any] | None = None
        self.expected_bytes = 0
        #: What the tests may ask; None as long as nobody needed to know.
        self.rules: Rules | None = None
        #: Why the problem cannot be judged, if it cannot.
        self.broken = ""

    def namespace(self, shared: bool = False) -> dict[str, Any]:
        """Names the tests stand on, of a new module: what the prompt defines, except its classes.

        A class of the prompt's is the program's, since programs look into its instances. Classes of
        exceptions stay, for tests to catch.

        Args:
            shared: leave what the prompt defines to the program, except for what it imports.
        """
        # Dataclasses look for the module of a class by its name.
        module = sys.modules[MODULE] = types.ModuleType(MODULE)
        names = vars(module)
        with contextlib.suppress(Exception, SystemExit):  # the program would meet the same
            exec(self.helpers, names)
        for name, value in list(names.items()):
            if name.startswith("__") or (isinstance(value, type) and issubclass(value, Exception)):
                continue
            origin = getattr(value, "__module__", None)
            imported = isinstance(value, types.ModuleType) or origin not in (None, MODULE)
            if (shared and not imported) or (isinstance(value, type) and origin == MODULE):
                del names[name]
        names.pop(self.problem.entry_point, None)
        return names

    def exceptions(self, namespace: dict[str, Any]) -> dict[str, type[BaseException]]:
        """Classes of exceptions that the prompt defines."""
        return {
            name: value
            for name, value in namespace.items()
            if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == MODULE
        }

    def remote(self, namespace: dict[str, Any]) -> Iterator[str]:
        """Names the tests use that only the program can supply."""
        yield self.problem.entry_point
        yield from (
            name for name in self.wanted if name not in namespace and name != self.problem.entry_point
        )

    def unknown(self, error: NameError) -> str:
        """The name an error is about, if the tests use it and no program can know of it; or "".

        Where there is a canonical solution, that is what tells whether the tests are sound.
        """
        name = next(iter(_NAME.findall(str(error))), "")
        told = name == self.problem.entry_point or re.search(
            rf"\b{re.escape(name)}\b", self.problem.prompt + self.problem.suffix
        )
        return "" if told or name not in self.wanted or self.problem.canonical_solution else name

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

    def _compile(self, part: str, text: str) -> types.CodeType:
        name = f"<{part} of {self.problem.task_id}>"
        try:
            code: types.CodeType = compile(text, name, "exec", self.flags, dont_inherit=True, optimize=0)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise UserError(
                f"problem {self.problem.task_id}: its {part} is no Python: {error}\n"
                "  correct the problem's file"
            ) from None
        return code

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


def _longest_prefix(prompt: str) -> tuple[types.CodeType, str]:
    """As much of a prompt as is Python by itself: an infilling prompt stops within a function."""
    lines = prompt.splitlines(keepends=True)
    while True:
        text = "".join(lines)
        try:
            return compile(text, "<prompt>", "exec", dont_inherit=True, optimize=0), text
        except (SyntaxError, ValueError):
            lines.pop()


def _has_classes(text: str) -> bool:
    """Whether some code defines classes."""
    return any(
        isinstance(node, ast.ClassDef)
        or (isinstance(node, ast.Call) and "namedtuple" in ast.unparse(node.func))
        for node in ast.walk(ast.parse(text))
    )
