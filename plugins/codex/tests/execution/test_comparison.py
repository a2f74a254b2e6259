from __future__ import annotations

import math
from typing import Any

import pytest

from framework_codex.execution.comparison import right


@pytest.mark.parametrize(
    ("result", "expected", "atol", "answer"),
    [
        (1, 1, 0.0, True),
        (1, 2, 0.0, False),
        ([1, 2], (1, 2), 0.0, False),
        (1.0000001, 1.0, 0.0, True),
        (1.00001, 1.0, 0.0, False),
        (1.00001, 1.0, 1e-4, True),
        ([1.0, 2.0000001], [1.0, 2.0], 0.0, True),
        ((1.0, 2.0000001), [1.0, 2.0], 0.0, False),
        ([1.0], [1.0, 2.0], 1e-6, False),
        (["a", 1.0000001], ["a", 1.0], 0.0, False),
        (["a", 1.0000001], ["a", 1.0], 1e-6, True),
        (math.nan, math.nan, 0.0, True),
        (math.inf, math.inf, 0.0, True),
        (math.inf, 1.0, 1e-6, False),
        (-math.inf, math.inf, 1e-6, False),
        (10**400, 1.0, 1e-6, False),
        (None, 1.0, 1e-6, False),
        (True, 1.0, 1e-6, True),
        ("1.0", 1.0, 1e-6, False),
        ({"a": 1.0000001}, {"a": 1.0}, 1e-6, True),
        ({"b": 1.0}, {"a": 1.0}, 1e-6, False),
        (1 + 1e-9j, 1 + 0j, 1e-6, True),
        (object(), 1.0, 1e-6, False),
    ],
)
def test_equal(result: Any, expected: Any, atol: float, answer: bool) -> None:
    assert right(result, expected, [], "equal", atol) is answer


def test_weaker_comparisons() -> None:
    assert right([2, 1, 1], [1, 2], [], "set", 0.0)
    assert not right([2, 3], [1, 2], [], "set", 0.0)
    assert not right(5, [1, 2], [], "set", 0.0)
    assert right("x", "y", [], "not_none", 0.0) and right(None, None, [], "not_none", 0.0)
    assert not right(None, "y", [], "not_none", 0.0) and not right(False, "y", [], "not_none", 0.0)
    assert right(True, "y", [], "not_none", 0.0) and right(False, None, [], "not_none", 0.0)


def test_roots() -> None:
    parabola = [[-6, 11, -6, 1]]  # (x - 1)(x - 2)(x - 3)
    assert right(2.0, 1.0, parabola, "root", 1e-4) and right(3, 1.0, parabola, "root", 1e-4)
    assert not right(2.1, 1.0, parabola, "root", 1e-4)
    for wrong in (None, math.nan, math.inf, "2", 1e200):
        assert not right(wrong, 1.0, parabola, "root", 1e-4)


def test_endless_nesting_is_not_equal() -> None:
    one: list[Any] = []
    one.append(one)
    other: list[Any] = []
    other.append(other)
    assert not right(one, other, [], "equal", 0.0)


def test_large_floats_may_be_off_by_a_relative_amount() -> None:
    """One part in ten million, as NumPy's `allclose` with EvalPlus's tolerances."""
    assert right(1e9 + 50, 1e9, [], "equal", 1e-6) and not right(1e9 + 200, 1e9, [], "equal", 1e-6)
    assert right([-1e9 - 50.0], [-1e9], [], "equal", 0) and not right([-1e9 - 200.0], [-1e9], [], "equal", 0)
