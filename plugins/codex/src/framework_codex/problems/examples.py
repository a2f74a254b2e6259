"""The examples a prompt shows, as tests to filter programs by before they are submitted (section 3.5)."""

from __future__ import annotations

import ast
import builtins
import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from framework_codex.problem import Problem, TestKind

#: What stands between a call and its result.
_GIVES = re.compile(r"\s*(?:={1,3}>|==|[-=]+>|➞|→|=|:|#?\s*(?:should\s+)?(?:returns?|gives|is))\s*(.+)")
_PROMPT = re.compile(r"\s*>>>\s?(.*)")
_GOES_ON = re.compile(r"\s*(?:[-+*/%(\[]|[\w.]*\w)")
_COMMENT = re.compile(r"\s*(#.*)?")


def with_examples_as_tests(problem: Problem) -> Problem | None:
    """The problem of passing the examples alone; None if it shows none.

    Examples are those the problem names, else the calls of its entry point that its prompt shows with
    their results: doctests, and lines such as `f(2) == 4` or `f(2) -> 4`.
    """
    if problem.examples:
        return replace(problem, test=problem.examples, cases="", test_kind=_kind(problem))
    found = list(shown_examples(problem.prompt, problem.entry_point))
    if not found:
        return None
    lines = [f"    {problem.entry_point} = candidate"] if problem.entry_point != "candidate" else []
    lines += [f"    assert {call} == {result}" for call, result in found]
    test = "\n".join(["def check(candidate):", *lines, ""])
    return replace(problem, test=test, cases="", test_kind="check")


def shown_examples(prompt: str, entry_point: str) -> Iterator[tuple[str, str]]:
    """Calls of a function in a prompt, and their results, as Python; results are literals."""
    lines = prompt.splitlines()
    for number, line in enumerate(lines):
        doctest = _PROMPT.fullmatch(line)
        call, rest = _call(doctest[1] if doctest else line, entry_point, whole=bool(doctest))
        if not call:
            continue
        given = _GIVES.fullmatch(rest)
        result = _literal(given[1]) if given else ""
        if doctest and not given and _COMMENT.fullmatch(rest):
            result = _literal(" ".join(_output(lines[number + 1 :])))
        if result:
            yield call, result


def _kind(problem: Problem) -> TestKind:
    return "asserts" if problem.test_kind == "asserts" else "check"


def _call(line: str, entry_point: str, whole: bool) -> tuple[str, str]:
    """A call of the entry point in a line, and what follows it; of a doctest the whole expression."""
    start = 0 if whole else line.find(f"{entry_point}(")
    if start < 0 or f"{entry_point}(" not in line or line.lstrip().startswith(("def ", "async ")):
        return "", ""
    for end, letter in enumerate(line[start:], start + 1):
        if letter == ")":
            text = line[start:end].strip()
            with contextlib.suppress(SyntaxError, ValueError):
                tree = ast.parse(text, mode="eval").body
                names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
                if isinstance(tree, ast.Call) and entry_point in names:
                    # Another name stands for any value, as in `f(n) = n + 1`.
                    return (text, line[end:]) if names <= {entry_point, *vars(builtins)} else ("", "")
    return "", ""


def _literal(text: str) -> str:
    """The longest beginning of a text that is a literal, such as one before a full stop; or ""."""
    text = text.strip()
    for end in range(len(text), 0, -1):
        with contextlib.suppress(SyntaxError, ValueError, MemoryError, RecursionError):
            value = ast.literal_eval(text[:end].rstrip())
            if value is not Ellipsis and not text[:end].rstrip().endswith(","):
                return "" if _GOES_ON.match(text[end:]) else text[:end].rstrip()
    return ""


def _output(lines: Sequence[str]) -> Iterator[str]:
    """What a doctest prints."""
    for line in lines:
        if not line.strip() or _PROMPT.fullmatch(line) or line.strip().startswith(('"""', "'''")):
            return
        yield line.strip().removesuffix('"""').removesuffix("'''")
