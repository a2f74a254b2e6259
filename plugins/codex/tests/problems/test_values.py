from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework_codex.problem import Problem
from framework_codex.problems.shapes import Shape, domain, shaped
from framework_codex.problems.values import decode, encode

HASHABLE = st.none() | st.booleans() | st.integers() | st.text() | st.complex_numbers(allow_nan=False)
PLAIN = st.recursive(
    HASHABLE | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.sets(HASHABLE)
        | st.dictionaries(HASHABLE | st.tuples(HASHABLE), inner)
    ),
    max_leaves=12,
)


def typed(value: Any) -> Any:
    """Equal only for values of the same types all the way down."""
    if isinstance(value, dict):
        return dict, [(typed(key), typed(item)) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [typed(item) for item in value]
    return type(value), value


@given(PLAIN)
def test_values_come_back_with_their_types(value: Any) -> None:
    assert typed(decode(encode(value))) == typed(value)


@given(
    st.dictionaries(st.sampled_from(["$tuple", "$set", "$dict", "$complex", "a"]), st.lists(st.integers()))
)
def test_dicts_that_look_like_tags_come_back(value: Any) -> None:
    assert decode(encode(value)) == value


def test_plain_json_is_read_as_json() -> None:
    text = '[[1, "a", {"b": null}], [Infinity, {"$tuple": [1]}]]'
    assert decode(text) == [[1, "a", {"b": None}], [math.inf, (1,)]]
    assert json.loads(encode([1, [2.5, "ä"]])) == [1, [2.5, "ä"]]
    with pytest.raises(TypeError, match="bytes"):
        encode([b""])


def test_problems_decode_their_cases() -> None:
    problem = Problem(task_id="a", prompt="", entry_point="f", cases=encode([[(1, 2), {3}], [[]]]))
    assert problem.arguments() == [[(1, 2), {3}], [[]]]
    assert Problem.of(problem.row()) == problem


def test_assertions_tell_the_types_of_arguments() -> None:
    assertions = "assert f([(1, 2)], 3, {'a': (1,)}) == f([], 1j, {})\nassert set(g((1,))) == {1}"
    shapes = domain(assertions, "f")
    assert list(shapes) == [
        Shape("list", Shape("tuple")),
        Shape("complex"),
        Shape("dict", Shape("tuple")),
    ]
    assert shaped(shapes, [[[1, [2]]], "2j", {"b": [4]}, [5]]) == [[(1, [2])], 2j, {"b": (4,)}, [5]]
    assert shaped(shapes, [[], 4]) == [[], 4]
    assert shaped((Shape("tuples"),), [[1, [2, [3]]]]) == [(1, (2, (3,)))]
    with pytest.raises(ValueError, match="list in one"):
        domain("assert f([1]) == f((1,))", "f")
