"""The text of a recipe, what it extends and the overrides -> one configuration with places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import GrammarParseError

from framework.recipe import document, overrides
from framework.recipe.files import read_file
from framework.recipe.merge import merge
from framework.recipe.problems import KeyPath, Marks, Place, Problem, RecipeError, refuse
from framework.recipe.words import name_of, shown

MAX_FILES = 64
_SYNTAX = r"write ${key.key} or ${resolver:value}; a literal ${ is written \${"


@dataclass
class Layers:
    """A recipe merged from its files and overrides; interpolations are still unresolved.

    Attributes:
        data: plain mappings, lists and scalars.
        marks: where every entry of it is written.
        files: the text of each file read, by path as written, the recipe's own first.
        extended: how often a file was extended; one may be several times.
    """

    data: dict[str | int, Any]
    marks: Marks
    files: dict[str, str] = field(default_factory=dict)
    extended: int = 0


def compose(text: str, source: str, path: Path | None, settings: Iterable[str]) -> Layers:
    """Merge a recipe's text over what it extends, and the overrides over both.

    Args:
        text: the recipe.
        source: its name for places: the path as the user wrote it.
        path: the file, which `extends` is relative to; None for the working directory.
        settings: overrides, `"algorithm.k=4"`.

    Raises:
        RecipeError: broken YAML, wrong `extends`, wrong overrides, broken interpolations.
    """
    layers = Layers({}, Marks())
    folder = path.parent if path else Path()
    _read(layers, text, source, folder, {(path or Path(source)).resolve(): source})
    parsed, problems = [], []
    for setting in settings:
        try:
            parsed.append(overrides.parse(setting))
        except RecipeError as error:
            problems += error.problems
    for override in parsed:
        try:
            _check_interpolations(override.value, override.path, override.marks)
            overrides.apply(override, layers.data, layers.marks)
        except RecipeError as error:
            problems += error.problems
    if problems:
        raise RecipeError(problems)
    return layers


def _read(layers: Layers, text: str, source: str, folder: Path, trail: Mapping[Path, str]) -> None:
    """Merge one file, after the files it extends, over what is in `layers`."""
    layers.files[source] = text
    content = document.parse(text, source)
    top = content.marks.place(())
    if content.empty:
        raise refuse(top, "the recipe is empty")
    if not isinstance(content.data, dict):
        raise refuse(top, f"a recipe is a mapping of sections, not {name_of(content.data)}")
    _check_interpolations(content.data, (), content.marks)
    for name, place in _extended(content.data.pop("extends", None), content.marks):
        layers.extended += 1
        if layers.extended > MAX_FILES:
            raise refuse(place, f"the recipe extends more than {MAX_FILES} files")
        path, real = folder / name, (folder / name).resolve()
        if real in trail:
            chain = list(trail.values())[list(trail).index(real) :]
            raise refuse(place, f"the recipe extends itself: {' -> '.join([*chain, chain[0]])}")
        try:
            base = read_file(path)
        except RecipeError as error:
            problem = error.problems[0]
            if problem.place.line:
                raise
            raise refuse(place, f"cannot extend {name!r}: {problem.what}", *problem.hints) from None
        _read(layers, base, str(path), path.parent, {**trail, real: str(path)})
    layers.data = merge(layers.data, content.data)
    layers.marks.update(content.marks)


def _extended(value: Any, marks: Marks) -> list[tuple[str, Place]]:
    names = value if isinstance(value, list) else [] if value is None else [value]
    found = []
    for index, name in enumerate(names):
        place = marks.place(("extends", index) if isinstance(value, list) else ("extends",))
        if not isinstance(name, str) or not name or "${" in name:
            raise refuse(
                place,
                "'extends' takes a file name, or a list of them",
                "write paths relative to this file, without interpolations",
            )
        found.append((name, place))
    return found


def _check_interpolations(data: Any, path: KeyPath, marks: Marks) -> None:
    """Refuse `${...}` that cannot be parsed: OmegaConf would stop at the first, without a place."""
    problems = []
    for where, text in _strings(data, path):
        try:
            OmegaConf.create({"text": text})
        except (GrammarParseError, RecursionError):
            what = f"the interpolation {shown(text)} cannot be read"
            problems.append(Problem(marks.place(where), what, (_SYNTAX,)))
    if problems:
        raise RecipeError(problems)


def _strings(data: Any, path: KeyPath) -> Iterable[tuple[KeyPath, str]]:
    if isinstance(data, str) and "${" in data:
        yield path, data
    elif isinstance(data, (dict, list)):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _strings(value, (*path, key))
