"""PyYAML with the core schema of YAML 1.2: which plain texts are numbers, and which are not.

PyYAML follows YAML 1.1, where `1e-3` is a string, `on` is true, and `2024-01-01` is a date.
"""

from __future__ import annotations

import math
import re
from typing import Any

import yaml

MAX_DEPTH = 32
LARGEST = 2**63 - 1

TAG = "tag:yaml.org,2002:"
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


class Loader(yaml.SafeLoader):
    """Composes nodes; refuses what is nested deeper than `MAX_DEPTH`.

    Args:
        text: what is read.
        comments: whether `#` begins one, as in a file, or is refused.
    """

    def __init__(self, text: str, comments: bool = True) -> None:
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

    def plain_node(self, text: str) -> yaml.ScalarNode:
        """The whole text as one scalar without quotes: a number, true, false, null, or else itself."""
        stripped = text.strip()
        tag = self.resolve(yaml.ScalarNode, stripped, (True, False))  # type: ignore[no-untyped-call]
        node = yaml.ScalarNode(tag, stripped, self.get_mark(), self.get_mark())
        try:
            scalar(node)
        except ScalarError:  # such as a number beyond all bounds: only a string can hold it
            tag = TAG + "str"
        return yaml.ScalarNode(tag, text if tag == TAG + "str" else stripped, node.start_mark, node.end_mark)

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


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        # Line ends beyond ASCII come back as spaces unless they are escaped.
        style = '"' if any(char in data for char in "\x85\u2028\u2029") else None
        return self.represent_scalar(TAG + "str", data, style=style)


for _class in (Loader, _Dumper):
    _class.yaml_implicit_resolvers = {}
    for _tag, _pattern, _first in _SCHEMA:
        _class.add_implicit_resolver(TAG + _tag, re.compile(f"^(?:{_pattern})$"), _first)


_Dumper.add_representer(str, _Dumper.represent_str)


def dump(data: Any) -> str:
    """Write plain data as a text that is read back to the same."""
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)


class ScalarError(ValueError):
    """A scalar that cannot be read: what is wrong, and a hint."""

    def __init__(self, what: str, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


def scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    """Return the value of a scalar.

    Raises:
        ScalarError: a tag of another type, a text its tag does not allow, a number that is
            too large.
    """
    kind = node.tag.removeprefix(TAG)
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
        if isinstance(error, ScalarError):
            raise
        raise ScalarError(f"{_short(text)!r} cannot be read as !!{kind}") from None
    raise unknown_tag(node)


def unknown_tag(node: yaml.Node) -> ScalarError:
    """Return the error for a tag outside the core schema."""
    tag = node.tag.replace(TAG, "!!")
    return ScalarError(f"the YAML tag {tag} is not allowed", "recipes hold plain values: leave the tag out")


def _integer(digits: str) -> int:
    base = {"0o": 8, "0x": 16}.get(digits[:2], 10)
    if len(digits) > 40 or abs(value := int(digits, base)) > LARGEST:
        raise ScalarError(f"the whole number {_short(digits)} is too large", f"the largest is {LARGEST}")
    return value


def _float(digits: str) -> float:
    if digits.lstrip("+-") in (".inf", ".nan"):
        return float(digits.replace(".", ""))
    value = float(digits)
    if math.isinf(value):
        raise ScalarError(f"the number {_short(digits)} is too large", "infinity is written .inf")
    return value


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}..."
