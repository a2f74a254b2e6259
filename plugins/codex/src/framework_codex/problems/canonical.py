"""Functions without what can be changed freely: names, docstrings, annotations, layout."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, TypeAlias

from framework_codex.problems.harvest import Definition
from framework_codex.problems.syntax import parse_or_none

Outline: TypeAlias = tuple[tuple[type, type], ...]

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_ABOUT = ("value", "test", "iter")

#: Nodes of the smallest body that is compared; below, unrelated functions are alike.
LEAST_NODES = 15


def functions(text: str) -> Iterator[Definition]:
    """All functions in a text, methods and inner ones too; none if it cannot be parsed."""
    tree = parse_or_none(text)
    waiting: list[Any] = [] if tree is None else [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Definition):
            yield node
        for block in _BLOCKS:  # expressions hold no functions
            waiting += getattr(node, block, ())


def outline(function: Definition) -> Outline:
    """The kinds of a body's statements and of what they are about: cheap, and alike if the
    canonical forms are.
    """
    return tuple(map(_kind, _body(function)))


def _kind(statement: ast.stmt) -> tuple[type, type]:
    about = next((found for name in _ABOUT if (found := getattr(statement, name, None))), None)
    annotated = isinstance(statement, ast.AnnAssign) and statement.value is not None
    return ast.Assign if annotated else type(statement), type(about)


def canonical(function: Definition) -> str | None:
    """A text that is the same for the same code under other names; None for a small body.

    Names the function binds itself, its own included, are numbered in the order they come.
    Others, such as those of built-in functions, attributes and keyword arguments, stay.
    """
    renamed = _Renamed(function)
    body = [renamed.visit(statement) for statement in _body(function)]
    if renamed.nodes < LEAST_NODES:
        return None
    arguments = sum(isinstance(node, ast.arg) for node in ast.walk(function.args))
    return f"{arguments}:" + ";".join(ast.dump(statement, annotate_fields=False) for statement in body)


def _body(function: Definition) -> list[ast.stmt]:
    first = function.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return function.body[1:] if documented and isinstance(first.value.value, str) else function.body  # type: ignore[attr-defined]


class _Renamed(ast.NodeTransformer):
    """Numbers bound names and drops docstrings and annotations, in the tree itself."""

    def __init__(self, function: Definition) -> None:
        self.nodes = 0
        bound = [function.name]
        for node in ast.walk(function):
            if isinstance(node, ast.arg):
                bound.append(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound.append(node.id)
            elif isinstance(node, Definition):
                bound.append(node.name)
        self.names = {name: f"_{i}" for i, name in enumerate(dict.fromkeys(bound))}

    def generic_visit(self, node: ast.AST) -> ast.AST:
        self.nodes += 1
        return super().generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self.names[node.arg], None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return self.generic_visit(node)
        assigned: ast.AST = self.visit(ast.Assign([node.target], node.value))
        return assigned

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns, node.body = self.names[node.name], None, _body(node) or node.body
        return self.generic_visit(node)
