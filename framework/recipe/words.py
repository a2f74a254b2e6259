"""Values and types in words, for messages and for `framework info`."""

from __future__ import annotations

import dataclasses
import enum
import math
import types
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from framework.building import with_article
from framework.component import KINDS, Param, Part, unwrap

_PLAIN = {bool: "true or false", int: "a whole number", float: "a number", str: "a string", Path: "a path"}


def name_of(value: Any) -> str:
    """What kind of YAML value this is: "a list"."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return f"a {type(value).__name__}"


def shown(value: Any) -> str:
    """A value as a message quotes it, in one short line."""
    match value:
        case None | bool():
            return str(value).lower().replace("none", "null")
        case str():
            text = repr(value)
            return text if len(text) <= 42 else f"{text[:38]}...{text[0]}"
        case list() if len(repr(value)) <= 42:
            return "[" + ", ".join(shown(item) for item in value) + "]"
        case list():
            return f"a list of {len(value)} items"
        case dict():
            return "a mapping" if value else "{}"
        case float() if math.isinf(value) or math.isnan(value):
            return str(value).replace("inf", ".inf").replace("nan", ".nan")
    return str(value)


def bounds(param: Param) -> str:
    """The bounds of a parameter: ">= 0 and < 1", or nothing."""
    signs = ((">=", param.ge), (">", param.gt), ("<=", param.le), ("<", param.lt))
    return " and ".join(f"{sign} {_number(limit)}" for sign, limit in signs if limit is not None)


def expected(annotation: Any, param: Param) -> str:
    """What a parameter takes, in words: "a whole number >= 1"."""
    annotation, param = unwrap(annotation, param)
    if annotation in (int, float):
        return f"{_PLAIN[annotation]} {bounds(param)}".rstrip()
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if annotation in (None, type(None)):
        return "null"
    if isinstance(annotation, Part):
        example = "plugin/name" if annotation.kind in KINDS else "Name"
        return f"the section of {with_article(annotation.kind)}, {{use: {example}}}"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return _one_of([shown(choice) for choice in arguments])
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _one_of([word_of(member) for member in annotation])
    if is_union(annotation):
        return " or ".join(dict.fromkeys(expected(member, param) for member in arguments))
    if dataclasses.is_dataclass(annotation):
        return "a mapping of " + ", ".join(f.name for f in dataclasses.fields(annotation) if f.init)
    container = origin or annotation
    if container is tuple and arguments and arguments[-1] is not Ellipsis:
        items = [expected(item, param) for item in arguments]
        each = f"each {items[0]}" if len(set(items)) == 1 else ", ".join(items)
        return f"a list of {len(items)} items, {each}"
    if is_sequence(container):
        return f"a list, each item {expected(arguments[0], param)}" if arguments else "a list"
    if is_mapping(container):
        return f"a mapping, each value {expected(arguments[1], param)}" if arguments else "a mapping"
    return "any value" if annotation is Any else type_name(annotation)


def type_name(annotation: Any) -> str:
    """A type as `framework info` shows it: `int | null`, `final | future`, `list[float]`."""
    annotation, _ = unwrap(annotation, Param())
    if annotation in (None, type(None)):
        return "null"
    if isinstance(annotation, Part):
        return f"part: {annotation.kind}"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " | ".join(choice if isinstance(choice, str) else shown(choice) for choice in arguments)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return " | ".join(word_of(member) for member in annotation)
    if is_union(annotation):
        return " | ".join(dict.fromkeys(type_name(member) for member in arguments))
    if annotation is Ellipsis:
        return "..."
    if arguments:
        return f"{_simple_name(origin)}[{', '.join(type_name(item) for item in arguments)}]"
    return _simple_name(annotation)


def word_of(member: enum.Enum) -> str:
    """A member of an enumeration as recipes write it: its value where that is a word, else its name."""
    return member.value if isinstance(member.value, str) else member.name


def is_union(annotation: Any) -> bool:
    """Whether a type is `A | B` or `Optional[A]`."""
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def takes_text(annotation: Any) -> bool:
    """Whether a type is a string or a path, or may be one."""
    annotation, _ = unwrap(annotation, Param())
    return annotation in (str, Path) or (
        is_union(annotation) and any(map(takes_text, typing.get_args(annotation)))
    )


def is_sequence(container: Any) -> bool:
    """Whether a type, without its items, is a list in a recipe."""
    return container in (list, tuple, Sequence)


def is_mapping(container: Any) -> bool:
    """Whether a type, without its items, is a mapping in a recipe."""
    return container in (dict, Mapping)


def _number(limit: float) -> str:
    return str(int(limit)) if float(limit).is_integer() else f"{limit:g}"


def _one_of(choices: list[str]) -> str:
    return choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"


def _simple_name(annotation: Any) -> str:
    name = "path" if annotation is Path else getattr(annotation, "__name__", str(annotation))
    return str(name)
