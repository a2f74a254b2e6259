"""Annotations that plugin authors write, and what a recipe may give for them."""

# ruff: noqa: UP007, UP045, PYI061  (authors write both forms)

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NewType, Optional, Union

import pytest

from framework import Param
from framework.component import REQUIRED, Parameter
from framework.recipe.checkpoint import CheckpointRef
from framework.recipe.convert import At, convert
from framework.recipe.model import plain
from framework.recipe.problems import INVALID, Findings
from framework.recipe.words import expected, type_name
from framework.reference import describe_parameters

Meters = NewType("Meters", float)


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Order(enum.Enum):
    FIRST = "first in"
    LAST = "last in"


@dataclass(frozen=True)
class Part:
    size: Annotated[int, Param("size", ge=0)] = 1


CHECKPOINT = CheckpointRef("first")
CASES: list[tuple[Any, str, str, list[tuple[Any, Any]], list[Any]]] = [
    # annotation, as info shows it, as messages say it, [(given, converted)], [refused]
    (bool, "bool", "true or false", [(True, True)], [1, "true", None]),
    (int, "int", "a whole number >= 0", [(3, 3), (3.0, 3)], [-1, 3.5, True, "3", None, float("inf")]),
    (float, "float", "a number >= 0", [(3, 3.0), (0.5, 0.5)], [-0.5, float("nan"), False, "1", [1]]),
    (
        str,
        "str",
        "a string",
        [("x", "x"), ("", ""), (CHECKPOINT, CheckpointRef("first", text=True))],
        [3, None],
    ),
    (Path, "path", "a path", [("a/b", Path("a/b")), (CHECKPOINT, CHECKPOINT)], ["", 3, None]),
    (None, "null", "null", [(None, None)], [0, "", False]),
    (Any, "Any", "any value", [(3, 3), ([1], [1]), (None, None), (CHECKPOINT, CHECKPOINT)], []),
    (Meters, "float", "a number >= 0", [(3, 3.0)], ["x"]),
    (Optional[int], "int | null", "a whole number >= 0 or null", [(3, 3), (None, None)], ["x", -1]),
    (Union[int, float], "int | float", "a whole number >= 0 or a number >= 0", [(3, 3), (3.5, 3.5)], ["x"]),
    (float | int, "float | int", "a number >= 0 or a whole number >= 0", [(3, 3), (3.0, 3.0)], [True]),
    (str | Path, "str | path", "a string or a path", [("x", "x")], [3]),
    (
        Literal["a", 1, None],
        "a | 1 | null",
        "'a', 1 or null",
        [("a", "a"), (1, 1), (None, None)],
        ["b", True, 1.0],
    ),
    (Literal["only"], "only", "'only'", [("only", "only")], ["other"]),
    (
        Order,
        "first in | last in",
        "first in or last in",
        [("first in", Order.FIRST), ("LAST", Order.LAST)],
        ["last"],
    ),
    (Level, "LOW | HIGH", "LOW or HIGH", [("LOW", Level.LOW), (1, Level.LOW)], ["low", 3, True]),
    (list, "list", "a list", [([1, "x"], [1, "x"]), ([], [])], ["x", {}]),
    (list[Path], "list[path]", "a list, each item a path", [(["a"], [Path("a")])], [["a", ""], "a"]),
    (
        list[Annotated[int, Param(ge=5)]],
        "list[int]",
        "a list, each item a whole number >= 5",
        [([5], [5])],
        [[4]],
    ),
    (Sequence[float], "Sequence[float]", "a list, each item a number >= 0", [([1], [1.0])], [1]),
    (
        tuple[int, str],
        "tuple[int, str]",
        "a list of 2 items, a whole number >= 0, a string",
        [([1, "x"], (1, "x"))],
        [[1], [1, 2], [1, "x", 2]],
    ),
    (
        tuple[int, ...],
        "tuple[int, ...]",
        "a list, each item a whole number >= 0",
        [([], ()), ([1, 2], (1, 2))],
        [3],
    ),
    (dict, "dict", "a mapping", [({"a": [1]}, {"a": [1]})], [[1]]),
    (
        Mapping[str, int],
        "Mapping[str, int]",
        "a mapping, each value a whole number >= 0",
        [({"a": 1.0}, {"a": 1})],
        [{1: 1}, {"a": "x"}, 3],
    ),
    (
        Part,
        "Part",
        "a mapping of size",
        [({}, Part()), ({"size": 2}, Part(2))],
        [{"size": -1}, {"sise": 1}, 3, None],
    ),
    (list[Part], "list[Part]", "a list, each item a mapping of size", [([{}], [Part()])], [[{"size": "x"}]]),
    (bytes, "bytes", "bytes", [], ["x", 3, None]),
]


@pytest.mark.parametrize(
    ("annotation", "name", "words", "right", "wrong"), CASES, ids=lambda case: str(case)[:30]
)
def test_types(
    annotation: Any, name: str, words: str, right: list[tuple[Any, Any]], wrong: list[Any]
) -> None:
    param = Param(ge=0)
    for given, converted in right:
        findings = Findings()
        result = convert(given, annotation, param, At((), "it", "", findings))
        assert (result, type(result), findings.problems) == (converted, type(converted), [])
    for given in wrong:
        findings = Findings()
        assert convert(given, annotation, param, At((), "it", "", findings)) is INVALID
        assert findings.problems, given
    assert type_name(annotation) == name
    assert expected(annotation, param) == words


def test_enumerations_are_recorded_as_they_are_shown() -> None:
    assert [plain(member) for member in (*Order, *Level)] == ["first in", "last in", "LOW", "HIGH"]


def test_what_a_recipe_cannot_hold() -> None:
    for value in (b"x", object(), {1, 2}, Part):
        with pytest.raises(TypeError, match="a recipe cannot hold"):
            plain(value)


def test_a_default_that_a_recipe_cannot_hold_is_shown_and_left_out() -> None:
    parameter = Parameter("clock", Any, object, Param("what time it is"))
    (described,) = describe_parameters({"clock": parameter})
    assert described["default"] == described["shown"].strip("'") == "<class 'object'>"


def test_a_nested_default_gives_the_defaults_of_its_parts() -> None:
    parameter = Parameter("part", Part | None, Part(7), Param())
    (described,) = describe_parameters({"part": parameter})
    assert described["shown"] == "as below"
    assert [(part["name"], part["shown"]) for part in described["parameters"]] == [("size", "7")]


def test_a_required_seed_is_not_asked_for() -> None:
    (described,) = describe_parameters({"seed": Parameter("seed", int, REQUIRED, Param())})
    assert (described["required"], described["shown"]) == (False, "${seed}")
