"""What kinds of values a function takes, learnt from examples, and values made of these kinds."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Literal, TypeAlias

from framework_codex.problems.syntax import parse

Kind: TypeAlias = Literal["list", "tuple", "set", "dict", "complex", "float", "tuples"]

_KINDS: dict[type, Kind] = {list: "list", tuple: "tuple", set: "set", dict: "dict", complex: "complex"}


@dataclass(frozen=True)
class Shape:
    """Where JSON's lists, objects and texts stand for something else.

    Attributes:
        kind: of the value; `tuples` are tuples all the way down.
        item: of what it holds; None for whatever JSON has.
    """

    kind: Kind
    item: Shape | None = None


Domain: TypeAlias = Sequence[Shape | None]


def domain(assertions: str, function: str) -> Domain:
    """The shapes of a function's arguments, as the calls in some assertions show them.

    Raises:
        ValueError: the assertions are not Python, or their calls contradict each other.
    """
    found: list[Shape | None] = []
    for node in ast.walk(parse(assertions)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
            shapes = [_shape_of(_literal(argument)) for argument in node.args]
            found = [_merged(a, b) for a, b in zip_longest(found, shapes)]
    return found


def shaped(shapes: Domain, arguments: Sequence[Any]) -> list[Any]:
    """Arguments from JSON, with the types their shapes say."""
    return [_value(shape, argument) for shape, argument in zip_longest(shapes, arguments)][: len(arguments)]


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:  # an expression, such as a call of set
        return None


def _shape_of(value: Any) -> Shape | None:
    kind = _KINDS.get(type(value))
    if kind is None:
        return None
    items: Iterable[Any] = () if kind == "complex" else value.values() if kind == "dict" else value
    inner: Shape | None = None
    for item in items:
        inner = _merged(inner, _shape_of(item))
    return Shape(kind, inner)


def _merged(a: Shape | None, b: Shape | None) -> Shape | None:
    if a is None or b is None:
        return a or b
    if a.kind != b.kind:
        raise ValueError(f"an argument is a {a.kind} in one assertion and a {b.kind} in another")
    return Shape(a.kind, _merged(a.item, b.item))


def _value(shape: Shape | None, value: Any) -> Any:
    if shape is None:
        return value
    if isinstance(value, str):
        return {"complex": complex, "float": float}.get(shape.kind, str)(value)
    if isinstance(value, dict):
        return {key: _value(shape.item, item) for key, item in value.items()}
    if not isinstance(value, list):
        return value
    inner = shape if shape.kind == "tuples" else shape.item
    items = [_value(inner, item) for item in value]
    return {"tuple": tuple, "tuples": tuple, "set": set}.get(shape.kind, list)(items)
