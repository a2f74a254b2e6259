"""YAML 1.2 -> plain data and the place of every entry, and back.

PyYAML follows YAML 1.1, where `1e-3` is a string, `on` is true and `2024-01-01` is a date: here it
gets the core schema of YAML 1.2. Anchors, aliases and merge keys (`<<`) work. Duplicate keys, tags
of other types, several documents and texts that grow beyond reason are refused.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import yaml

from framework.recipe.problems import KeyPath, Mark, Marks, Place, Problem, RecipeError, refuse

MAX_ENTRIES = 10_000
MAX_DEPTH = 32
LARGEST = 2**63 - 1

_TAG = "tag:yaml.org,2002:"
_SCHEMA = (  # tag, pattern, the characters it starts with
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", [*"-+0123456789"]),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        [*"-+.0123456789"],
    ),
    ("merge", r"<<", ["<"]),
)

# What PyYAML says of the commonest slips is true and of little help.
_HELP = (
    ("'\\t'", "indent with spaces: YAML does not allow tabs"),
    (
        "mapping values are not allowed",
        "indent like the line above; a value that contains ': ' needs quotes",
    ),
    ("that cannot start any token", "a value that starts with it needs quotes"),
    ("could not find expected ':'", "every key needs ': ' after it"),
    ("expected ',' or", "a bracket or brace is not closed"),
    ("while scanning a quoted scalar", "a quote is not closed"),
    ("expected <block end>", "the entries of a block need the same indentation"),
    ("undefined alias", "an alias (*name) needs its anchor (&name) before it"),
    ("but found '#'", "put a text that holds ' #' in quotes, all of it"),
    ("<document start>", "put a text that begins with a bracket, brace or quote in quotes, all of it"),
)


@dataclass(frozen=True)
class Document:
    """What one YAML text holds.

    Attributes:
        data: plain mappings, lists and scalars.
        marks: where each entry is written.
        empty: nothing is written but comments.
    """

    data: Any
    marks: Marks
    empty: bool


def parse(text: str, source: str, override_column: int = 0) -> Document:
    """Parse YAML.

    An override's value is a list, a mapping or a string if it begins with a bracket, brace or
    quote, and has no comments. Anything else is one plain scalar, whatever characters it
    holds: `fix #7`, `a: b` and `%x` are strings.

    Args:
        text: one document, or the value of an override.
        source: the file's name for places, or the description of an override.
        override_column: where `text` starts in an override, counted from 1; 0 for files.

    Raises:
        RecipeError: broken YAML, or any of what this module refuses.
    """
    plain = override_column > 0 and text.strip()[:1] not in ("[", "{", "'", '"')
    builder = _Builder(source, override_column)
    try:
        loader = _Loader(text, comments=not override_column)
        try:
            node = loader.plain_node(text) if plain else loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise builder.refuse_syntax(error) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = builder.place_at(before.count("\n"), len(before) - before.rfind("\n") - 1)
        raise refuse(place, f"the character {chr(int(error.character))!a} is not allowed in YAML") from None
    top = builder.place_at(0, 0)
    builder.marks[()] = Mark(top, top, text if plain and "${" not in text else None)
    data = None if node is None else builder.build(node, ())
    if builder.problems:
        raise RecipeError(builder.problems)
    return Document(data, builder.marks, empty=node is None)


def dump(data: Any) -> str:
    """Write plain data as a text that is read back to the same."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class _Loader(yaml.SafeLoader):
    """Text -> nodes; refuses what is nested deeper than `MAX_DEPTH`.

    Args:
        text: what is read.
        comments: whether `#` begins one, as in a file, or is refused.
    """

    def __init__(self, text: str, comments: bool) -> None:
        super().__init__(text)
        self._comments = comments
        self._depth = 0

    def scan_to_next_token(self) -> None:
        while not self._comments and self.peek() == " ":
            self.forward()
        if not self._comments and self.peek() == "#":
            raise yaml.MarkedYAMLError(
                problem="expected the end or more of the value, but found '#'", problem_mark=self.get_mark()
            )
        super().scan_to_next_token()

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        # PyYAML composes by recursion: without a limit a deep text ends in a RecursionError.
        self._depth += 1
        if self._depth > MAX_DEPTH + 2:
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {MAX_DEPTH} levels deep", problem_mark=self.get_mark()
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def plain_node(self, text: str) -> yaml.ScalarNode:
        """The whole text as one scalar without quotes: a number, true, false, null, or else itself."""
        stripped, mark = text.strip(), self.get_mark()
        tag = self.resolve(yaml.ScalarNode, stripped, (True, False))  # type: ignore[no-untyped-call]
        try:
            _scalar(yaml.ScalarNode(tag, stripped, mark, mark))
        except _ScalarError:  # such as a number beyond all bounds: only a string can hold it
            tag = _TAG + "str"
        return yaml.ScalarNode(tag, text if tag == _TAG + "str" else stripped, mark, mark)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        # Line ends beyond ASCII come back as spaces unless they are escaped.
        style = '"' if any(char in data for char in "\x85\u2028\u2029") else None
        return self.represent_scalar(_TAG + "str", data, style=style)


for _class in (_Loader, _Dumper):
    _class.yaml_implicit_resolvers = {}
    for _tag, _pattern, _first in _SCHEMA:
        _class.add_implicit_resolver(_TAG + _tag, re.compile(f"^(?:{_pattern})$"), _first)
_Dumper.add_representer(str, _Dumper.represent_str)


class _Builder:
    """Nodes -> data, marks and problems."""

    def __init__(self, source: str, override_column: int) -> None:
        self.source = source
        self.override_column = override_column
        self.marks = Marks()
        self.problems: list[Problem] = []
        self.entries = 0

    def place_at(self, line: int, column: int) -> Place:
        if self.override_column:
            return Place(self.source, 0, self.override_column + (column if line == 0 else 0))
        return Place(self.source, line + 1, column + 1)

    def place(self, node: yaml.Node) -> Place:
        return self.place_at(node.start_mark.line, node.start_mark.column)

    def refuse_syntax(self, error: yaml.MarkedYAMLError) -> RecipeError:
        mark = error.problem_mark or error.context_mark
        place = self.place_at(mark.line, mark.column) if mark else Place(self.source)
        if error.context and error.context.startswith("expected a single document"):
            return refuse(place, "a second YAML document starts here: a recipe is one document")
        what = error.problem or "it cannot be read"
        said = f"{error.context} {what}"
        hints = [hint for symptom, hint in _HELP if symptom in said][:1]
        if mark and (reference := _reference_at(mark)):
            hints = [f'within brackets and braces, put it in quotes: "{reference}"']
        if error.context_mark and mark and error.context_mark.line != mark.line:
            started = self.place_at(error.context_mark.line, error.context_mark.column)
            hints.append(f"{error.context} that starts at line {started.line}")
        return refuse(place, f"not valid YAML: {what}", *hints)

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        self.entries += 1
        if self.entries > MAX_ENTRIES:
            raise refuse(
                self.place(node),
                f"the recipe grows beyond {MAX_ENTRIES:,} entries",
                "aliases and merge keys repeat what they name; these repeat each other",
            )
        if len(path) > MAX_DEPTH:
            raise refuse(
                self.place(node),
                f"nested more than {MAX_DEPTH} levels deep",
                "an alias may not contain itself",
            )
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return self._sequence(node, path)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        error = _unknown_tag(node)
        self._problem(self.place(node), error.what, error.hint)
        return None

    def _sequence(self, node: yaml.SequenceNode, path: KeyPath) -> list[Any]:
        items = []
        for index, item in enumerate(node.value):
            place = self.place(item)
            self.marks[*path, index] = Mark(place, place)
            items.append(self.build(item, (*path, index)))
        return items

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str | int, Any]:
        found: dict[str | int, Any] = {}
        for key_node, value_node in node.value:  # merged entries first, so that written ones win
            if key_node.tag == _TAG + "merge":
                for merged in reversed(self._merged(value_node)):
                    found.update(self.build(merged, path))
        written: dict[str, Place] = {}  # OmegaConf takes 1 and '1' for the same key
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                continue
            key = self._key(key_node)
            if key is None:
                continue
            place = self.place(key_node)
            if str(key) in written:
                self._problem(place, f"the key {key!r} is written twice", f"first at {written[str(key)]}")
                continue
            written[str(key)] = place
            self.marks[*path, key] = Mark(place, self.place(value_node))
            found[key] = self.build(value_node, (*path, key))
        return found

    def _merged(self, node: yaml.Node) -> list[yaml.Node]:
        # The first of several mappings wins, as the merge key's specification has it.
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if all(isinstance(item, yaml.MappingNode) for item in nodes):
            return list(nodes)
        self._problem(self.place(node), "a merge key (<<) takes a mapping or a list of mappings")
        return []

    def _key(self, node: yaml.Node) -> str | int | None:
        key = self._scalar(node) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(key, str) or (isinstance(key, int) and not isinstance(key, bool)):
            return key
        what = f"the key {node.value}" if isinstance(node, yaml.ScalarNode) else "this key"
        self._problem(
            self.place(node), f"{what} is not a name", "keys are names or whole numbers; quote anything else"
        )
        return None

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            return _scalar(node)
        except _ScalarError as error:
            self._problem(self.place(node), error.what, *([error.hint] if error.hint else []))
            return None

    def _problem(self, place: Place, what: str, *hints: str) -> None:
        self.problems.append(Problem(place, what, hints))


def _reference_at(mark: yaml.Mark) -> str:
    """The text with `${...}` that stops at its brace, as one does in a flow mapping or list."""
    text, brace = mark.buffer or "", mark.pointer
    if text[brace - 1 : brace + 1] != "${":
        return ""
    before, after = re.search(r"[^\s,\[\]{}]*$", text[:brace]), re.match(r"[^}\n]*\}?", text[brace:])
    assert before
    assert after
    return before[0] + after[0]


class _ScalarError(ValueError):
    """A scalar that cannot be read: what is wrong, and a hint."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    """The value of a scalar, or a `_ScalarError`: of another type, not what its tag allows, or too large."""
    kind = node.tag.removeprefix(_TAG)
    text: str = node.value
    try:
        match kind:
            case "str" | "merge":
                return text
            case "null":
                return None
            case "bool":
                return {"true": True, "false": False}[text.lower()]
            case "int":
                return _integer(text.replace("_", ""))
            case "float":
                return _float(text.replace("_", "").lower())
    except (ValueError, KeyError) as error:
        if isinstance(error, _ScalarError):
            raise
        raise _ScalarError(f"{_short(text)!r} cannot be read as !!{kind}") from None
    raise _unknown_tag(node)


def _unknown_tag(node: yaml.Node) -> _ScalarError:
    tag = node.tag.replace(_TAG, "!!")
    return _ScalarError(f"the YAML tag {tag} is not allowed", "recipes hold plain values: leave the tag out")


def _integer(digits: str) -> int:
    base = {"0o": 8, "0x": 16}.get(digits[:2], 10)
    if len(digits) > 40 or abs(value := int(digits, base)) > LARGEST:
        raise _ScalarError(f"the whole number {_short(digits)} is too large", f"the largest is {LARGEST}")
    return value


def _float(digits: str) -> float:
    if digits.lstrip("+-") in (".inf", ".nan"):
        return float(digits.replace(".", ""))
    value = float(digits)
    if math.isinf(value):
        raise _ScalarError(f"the number {_short(digits)} is too large", "infinity is written .inf")
    return value


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}..."
