"""Subtle bugs: completions that differ from the right one in one small thing (section 7.2).

A chain of building blocks gets a mistake of the kind its training functions have. Any other program gets
a number that is one too large, a comparison with or without equality, or an operator for its neighbour.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from framework_codex.problem import Problem
from framework_codex.problems.programs import spoiled
from framework_codex.problems.syntax import parse_or_none
from framework_codex.problems.wording import parse_docstring
from framework_codex.training.docstrings import take_apart

_NEIGHBOURS = {
    ast.Lt: ("<", "<="), ast.LtE: ("<=", "<"), ast.Gt: (">", ">="), ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="), ast.NotEq: ("!=", "=="), ast.Add: ("+", "-"), ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"), ast.FloorDiv: ("//", "%"), ast.Mod: ("%", "//"),
    ast.And: ("and", "or"), ast.Or: ("or", "and"),
}  # fmt: skip
_NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}


class Edit(NamedTuple):
    """Bytes `start` to `end` of a program, and what to put there."""

    start: int
    end: int
    text: str


def subtle_bugs(problem: Problem, rng: random.Random) -> Iterator[str]:
    """Completions with one mistake each, in random order; not all of them need fail the tests.

    Args:
        problem: with a canonical solution.
        rng: which mistakes come first.
    """
    body = problem.canonical_solution
    blocks = parse_docstring(take_apart(problem.prompt, body).docstring) if problem.length else None
    if blocks:
        yield from dict.fromkeys(spoiled(tuple(blocks), rng) for _ in range(4 * len(blocks)))
        return
    text = problem.program(body).encode()
    first, last = len(problem.prompt.encode()), len((problem.prompt + body).encode())
    edits = [edit for edit in _edits(text) if first <= edit.start and edit.end <= last]
    rng.shuffle(edits)
    for start, end, new in edits:
        yield (text[first:start] + new.encode() + text[end:last]).decode()


def _edits(text: bytes) -> list[Edit]:
    """Every small change there is a place for."""
    tree = parse_or_none(text.decode())
    if tree is None:
        return []
    lines = [0]
    for line in text.split(b"\n"):
        lines.append(lines[-1] + len(line) + 1)

    def begin(node: ast.expr) -> int:
        return lines[node.lineno - 1] + node.col_offset

    def finish(node: ast.expr) -> int:
        return lines[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)

    found: list[Edit] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found.append(Edit(begin(node), finish(node), str(node.value + 1)))
        elif isinstance(node, ast.Name) and node.id in _NAMES:
            found.append(Edit(begin(node), finish(node), _NAMES[node.id]))
        for left, operator, right in _operations(node):
            old, new = _NEIGHBOURS.get(type(operator), ("", ""))
            between = text[finish(left) : begin(right)]
            # Only where nothing but the operator, blanks and parentheses stands between.
            if old and between.strip(b" ()\\\n").decode() == old:
                start = finish(left) + between.index(old.encode())
                found.append(Edit(start, start + len(old), new))
    return found


def _operations(node: ast.AST) -> Iterator[tuple[ast.expr, ast.AST, ast.expr]]:
    """Left side, operator and right side of each operation of a node."""
    operands: Sequence[ast.expr] = ()
    operators: Sequence[ast.AST] = ()
    if isinstance(node, ast.BinOp):
        operands, operators = (node.left, node.right), (node.op,)
    elif isinstance(node, ast.Compare):
        operands, operators = (node.left, *node.comparators), node.ops
    elif isinstance(node, ast.BoolOp):
        operands, operators = node.values, [node.op] * (len(node.values) - 1)
    yield from zip(operands, operators, operands[1:], strict=False)
