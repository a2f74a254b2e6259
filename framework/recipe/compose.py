"""The text of a recipe, what it extends and the overrides -> one configuration with places."""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import GrammarParseError

from framework.component import Param
from framework.recipe.convert import At, convert
from framework.recipe.named import SUFFIXES, find_recipe, names, recipes
from framework.recipe.problems import (
    Findings,
    KeyPath,
    Mark,
    Marks,
    Place,
    Problem,
    RecipeError,
    refuse,
)
from framework.recipe.words import name_of, shown
from framework.recipe.yaml import parse

MAX_BYTES = 256 * 1024
MAX_FILES = 64
MAX_LENGTH = 100_000
#: An interpolation of another key: the dots of a relative one, and the key.
REFERENCE = re.compile(r"\$\{(\.*)([^${}:]*)\}")
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
            parsed.append(_parse_override(setting))
        except RecipeError as error:
            problems += error.problems
    for override in parsed:
        try:
            _check_interpolations(override.value, override.path, override.marks)
            _apply(override, layers.data, layers.marks)
        except RecipeError as error:
            problems += error.problems
    if problems:
        raise RecipeError(problems)
    return layers


def _read(layers: Layers, text: str, source: str, folder: Path, trail: Mapping[Path, str]) -> None:
    """Merge one file, after the files it extends, over what is in `layers`."""
    layers.files[source] = text
    content = parse(text, source)
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
        try:
            path = find_recipe(name, folder, trail)
            real = path.resolve()
            if real in trail:
                chain = list(trail.values())[list(trail).index(real) :]
                raise refuse(place, f"the recipe extends itself: {' -> '.join([*chain, chain[0]])}")
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
                "'extends' takes a file or the name of a recipe, or a list of them",
                "write paths relative to this file, without interpolations",
            )
        found.append((name, place))
    return found


def merge(base: Any, over: Any) -> Any:
    """Merge mappings key by key; anything else, lists too, replaces.

    A section that uses another component replaces the one below it, because parameters of
    the component before mean nothing to the new one.
    """
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    if "use" in base and "use" in over and base["use"] != over["use"]:
        return over
    return {**base, **{key: merge(base.get(key), value) for key, value in over.items()}}


@dataclass(frozen=True)
class _Override:
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


def _parse_override(text: str) -> _Override:
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
    content = parse(value, source, override_column=len(key) + 2)
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
    return _Override(text, path, content.data, marks)


def _apply(override: _Override, data: dict[str | int, Any], marks: Marks) -> None:
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


def _key(node: Any, position: int, override: _Override) -> str | int:
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


def read_option(text: str, annotation: Any, at: At) -> Any:
    """Convert a text from the command line as an override is, but for a string as it was typed, quotes too.

    Returns:
        The value, or `INVALID`, which is reported.
    """
    place = Place(f"option --{at.name}")
    at.findings.marks[at.path] = Mark(place, place, text)
    try:
        value = parse(text, str(place), override_column=1).data
    except RecipeError:
        value = text
    return convert(value, annotation, Param(), at)


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


def check_growth(data: dict[str | int, Any], findings: Findings) -> bool:
    """Report texts that would grow beyond `MAX_LENGTH` characters; return whether none does.

    `a: ${b}${b}`, `b: ${c}${c}`, ... doubles with every line: the length is added up from
    the texts as written, each looked at once.
    """
    texts = {tuple(map(str, path)): (path, text) for path, text in _strings(data, ())}
    lengths: dict[tuple[str, ...], int] = {}

    def length(path: tuple[str, ...]) -> int:
        if path not in lengths and path in texts:
            lengths[path] = 0  # an interpolation of itself ends here, and is reported elsewhere
            text = texts[path][1]
            lengths[path] = len(text) + sum(length(target(path, *ref)) for ref in REFERENCE.findall(text))
        return lengths.get(path, 0)

    too_long = [path for path in texts if length(path) > MAX_LENGTH]
    if too_long:
        shortest = min(too_long, key=lambda path: lengths[path])
        what = f"the interpolations grow to more than {MAX_LENGTH:,} characters"
        findings.add(texts[shortest][0], what, "they repeat each other")
    return not too_long


def target(path: tuple[str, ...], dots: str, reference: str) -> tuple[str, ...]:
    """Where the interpolation `${` dots reference `}`, written at `path`, points to."""
    keys = tuple(key for key in re.split(r"[.\[\]]+", reference) if key)
    return (*path[: len(path) - len(dots)], *keys) if dots else keys


def read_file(path: Path) -> str:
    """Return a recipe file's text.

    Raises:
        RecipeError: it is missing (the nearest file is named), a directory, unreadable, far
            too large for a recipe, or not UTF-8 (a byte order mark is fine).
    """
    place = Place(str(path))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise refuse(place, "no such file", *_nearest_file(path)) from None
    except IsADirectoryError:
        names = ", ".join(_recipes_in(path)[:8])
        raise refuse(
            place, "a directory, not a recipe", *([f"recipes in it: {names}"] if names else [])
        ) from None
    except ValueError:  # a null byte
        raise refuse(place, "not a file name") from None
    except OSError as error:
        raise refuse(place, f"cannot be read: {error.strerror}") from None
    return _decode(content, str(path))


def _decode(content: bytes, source: str) -> str:
    if len(content) > MAX_BYTES:
        raise refuse(
            Place(source), f"too large for a recipe: {len(content):,} bytes, the limit is {MAX_BYTES:,}"
        )
    try:
        return content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        content = error.object
        before = content[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise refuse(
            Place(source, line, column),
            f"the byte 0x{content[error.start]:02x} is not UTF-8",
            "save the file with the encoding UTF-8",
        ) from None


def _nearest_file(path: Path) -> list[str]:
    there = _recipes_in(path.parent)
    by_stem = {Path(name).stem: name for name in there}
    for stem in difflib.get_close_matches(path.stem, by_stem, n=1):
        return [f"did you mean {str(path.parent / by_stem[stem])!r}?"]
    for name in difflib.get_close_matches(path.stem, names(recipes()), n=1, cutoff=0.8):
        return [f"did you mean {name!r}? (see: framework recipes)"]
    return [f"recipes there: {', '.join(there[:8])}"] if there else []


def _recipes_in(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.suffix in SUFFIXES)
    except OSError:
        return []
