"""Overrides from the command line: `algorithm.k=4`, `evaluators.0.episodes=20`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from framework.component import Param
from framework.recipe import document
from framework.recipe.merge import merge
from framework.recipe.problems import KeyPath, Mark, Marks, Place, RecipeError, refuse
from framework.recipe.types import At, convert
from framework.recipe.words import name_of


@dataclass(frozen=True)
class Override:
    """One override.

    Attributes:
        text: as the user wrote it.
        path: the keys; digits stay text, they index a list or name a key.
        value: read as YAML, like a value in a recipe.
        marks: of the keys and of everything in the value.
    """

    text: str
    path: tuple[str, ...]
    value: Any
    marks: Marks


def parse(text: str) -> Override:
    """Parse `key.key=value`.

    Raises:
        RecipeError: no `=`, an empty key, or a value that is not YAML.
    """
    source = f"override {text!r}"
    key, equals, value = text.partition("=")
    if not equals:
        raise refuse(
            Place(source, 0, len(text) + 1), "no '=' in it", "write key=value, such as algorithm.k=4"
        )
    path = tuple(key.split("."))
    if not all(part and part == part.strip() for part in path) or any(char in key for char in "[]+~${}"):
        raise refuse(
            Place(source, 0, 1),
            f"{key!r} is not a key" if key else "there is no key before '='",
            "write keys with dots, such as algorithm.k=4 or evaluators.0.episodes=20",
        )
    content = document.parse(value, source, override_column=len(key) + 2)
    if path[0] == "extends":
        hint = "write a recipe that extends the files"
        raise refuse(Place(source, 0, 1), "'extends' cannot be overridden", hint)
    marks = Marks()
    column = 1
    value_place = content.marks.place(())
    for length, part in enumerate(path, start=1):
        place = Place(source, 0, column)
        marks[path[:length]] = Mark(place, value_place)
        column += len(part) + 1
    marks[path] = Mark(place, value_place, content.marks.typed(()))
    marks.update({(*path, *inner): mark for inner, mark in content.marks.items() if inner})
    return Override(text, path, content.data, marks)


def read_option(text: str, annotation: Any, at: At) -> Any:
    """Convert a text from the command line as an override is, but for a string as it was typed, quotes too.

    Returns:
        The value, or `INVALID`, which is reported.
    """
    place = Place(f"option --{at.name}")
    at.findings.marks[at.path] = Mark(place, place, text)
    try:
        value = document.parse(text, str(place), override_column=1).data
    except RecipeError:
        value = text
    return convert(value, annotation, Param(), at)


def apply(override: Override, data: dict[str | int, Any], marks: Marks) -> None:
    """Set the value in `data` in place; a mapping merges, anything else replaces.

    Raises:
        RecipeError: the keys lead through something that has no keys.
    """
    path: KeyPath = ()
    node: Any = data
    for position in range(len(override.path)):
        key: Any = _key(node, position, override)
        path = (*path, key)
        marks[path] = override.marks[override.path[: position + 1]] if path not in marks else marks[path]
        last = position == len(override.path) - 1
        old = node[key] if isinstance(node, list) else node.get(key)
        if last:
            node[key] = merge(old, override.value)
        elif old is None:
            node[key] = {}
        node = node[key]
    marks[path] = override.marks[override.path]
    depth = len(override.path)
    marks.update({(*path, *inner[depth:]): m for inner, m in override.marks.items() if len(inner) > depth})


def _key(node: Any, position: int, override: Override) -> str | int:
    """Return the key or index that part `position` of the override means in `node`."""
    part = override.path[position]
    if isinstance(node, dict):
        return _index(part, part) if part not in node else part
    place = override.marks.place(override.path[: position + 1], key=True)
    above = ".".join(override.path[:position])
    if not isinstance(node, list):
        raise refuse(place, f"{above!r} is {name_of(node)} and has no keys to override")
    index = _index(part, len(node))
    if not isinstance(index, int) or index >= len(node):
        items = f"its items are 0 to {len(node) - 1}" if node else "it is empty"
        raise refuse(place, f"{part!r} is no item of the list {above!r}", items)
    return index


def _index(part: str, otherwise: str | int) -> str | int:
    return int(part) if part.isdecimal() and len(part) < 10 else otherwise
