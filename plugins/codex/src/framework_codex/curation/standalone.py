"""A function as a problem that stands by itself: what it needs of its module comes before it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeAlias

from framework_codex.problem import Problem
from framework_codex.problems.harvest import Definition
from framework_codex.problems.syntax import free_names, parse_or_none

#: Characters of a function and what it needs; longer ones are no task for a model.
LONGEST = 4000

Calls: TypeAlias = list[tuple[str, str]]


def problem_of(source: str, line: int, task_id: str, calls: Calls) -> Problem | str:
    """The problem of writing the function that begins at a line.

    Args:
        source: text of the module.
        line: of `def`, from 1.
        task_id: name of the problem.
        calls: arguments, as a tuple, and results, as Python literals.

    Returns:
        The problem, or why there is none.
    """
    tree = parse_or_none(source)
    body = tree.body if tree is not None else []
    node = next((one for one in body if isinstance(one, Definition) and one.lineno == line), None)
    if node is None or node.decorator_list:
        return "is not a plain function at the top of its module"
    first = node.body[0]
    if len(node.body) < 2 or not ast.get_docstring(node):
        return "has no docstring, or nothing after it"
    if first.lineno == node.lineno or first.end_lineno == node.body[1].lineno:
        return "is written in one line"
    lines = source.splitlines(keepends=True)
    after, end = first.end_lineno or 0, node.end_lineno or 0
    head = "".join(lines[node.lineno - 1 : after])
    rest = "".join(lines[after:end]).rstrip("\n") + "\n"
    try:
        needed = "".join(_needed(head + rest, node.name, body, lines))
    except LookupError as missing:
        return f"needs {missing.args[0]}, which its module does not define plainly"
    prompt = f"{needed}\n\n{head}" if needed else head
    if len(prompt + rest) > LONGEST:
        return f"is longer than {LONGEST} characters with what it needs"
    test = ["CASES = ["]
    test += [f"    ({given}, {result})," for given, result in calls]
    test += ["]", "", "", "def check(candidate):", "    for given, expected in CASES:"]
    test += [
        "        result = candidate(*given)",
        "        assert type(result) is type(expected) and result == expected",
    ]
    return Problem(
        task_id=task_id,
        prompt=prompt,
        entry_point=node.name,
        canonical_solution=rest,
        test="\n".join([*test, ""]),
    )


def _needed(text: str, name: str, body: list[ast.stmt], lines: list[str]) -> Iterator[str]:
    """The statements of a module that a function stands on, in their order.

    Raises:
        LookupError: a name is defined in no way that can be copied.
    """
    defined: dict[str, ast.stmt] = {}
    for statement in body:
        for one in _defines(statement):
            defined[one] = statement
    waiting, taken = sorted(free_names(text) - {name}), {}
    while waiting:
        one = waiting.pop()
        if one == name:
            continue
        if one not in defined:
            raise LookupError(one)
        statement = defined[one]
        if statement.lineno not in taken:
            start = min(
                [statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))]
            )
            part = "".join(lines[start - 1 : statement.end_lineno]).rstrip("\n") + "\n"
            taken[statement.lineno] = part
            waiting += sorted(free_names(part) - set(_defines(statement)))
    yield from (taken[number] for number in sorted(taken))


def _defines(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement defines by itself; nothing for one that depends on where it runs."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, ast.Import) or (isinstance(statement, ast.ImportFrom) and not statement.level):
        yield from ((alias.asname or alias.name.partition(".")[0]) for alias in statement.names)
    elif isinstance(statement, ast.Assign):
        yield from (target.id for target in statement.targets if isinstance(target, ast.Name))
    elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
        yield statement.target.id
