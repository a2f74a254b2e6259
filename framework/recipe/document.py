"""One YAML text -> plain data and the place of every entry.

Anchors, aliases and merge keys (`<<`) work. Duplicate keys, tags of other types, several
documents and texts that grow beyond reason are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from framework.recipe.problems import KeyPath, Mark, Marks, Place, Problem, RecipeError, refuse
from framework.recipe.yaml12 import MAX_DEPTH, TAG, Loader, ScalarError, scalar, unknown_tag

MAX_ENTRIES = 10_000

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
    reader = _Reader(source, override_column)
    try:
        loader = Loader(text, comments=not override_column)
        try:
            node = loader.plain_node(text) if plain else loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise reader.refuse_syntax(error) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = reader.place_at(before.count("\n"), len(before) - before.rfind("\n") - 1)
        raise refuse(place, f"the character {chr(int(error.character))!a} is not allowed in YAML") from None
    top = reader.place_at(0, 0)
    reader.marks[()] = Mark(top, top, text if plain and "${" not in text else None)
    data = None if node is None else reader.build(node, ())
    if reader.problems:
        raise RecipeError(reader.problems)
    return Document(data, reader.marks, empty=node is None)


class _Reader:
    """Turns YAML nodes into data, marks and problems."""

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
        if isinstance(node, yaml.MappingNode) and node.tag == TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == TAG + "seq":
            return self._sequence(node, path)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        error = unknown_tag(node)
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
            if key_node.tag == TAG + "merge":
                for merged in reversed(self._merged(value_node)):
                    found.update(self.build(merged, path))
        written: dict[str, Place] = {}  # OmegaConf takes 1 and '1' for the same key
        for key_node, value_node in node.value:
            if key_node.tag == TAG + "merge":
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
            return scalar(node)
        except ScalarError as error:
            self._problem(self.place(node), error.what, *([error.hint] if error.hint else []))
            return None

    def _problem(self, place: Place, what: str, *hints: str) -> None:
        self.problems.append(Problem(place, what, hints))
