"""When a result counts as the expected one, for problems whose tests are cases.

EvalPlus's rules: equality, floats within a tolerance, and for some problems something weaker. Both
sides are plain data by the time they are compared; whatever else a program returned equals nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from framework_codex.problem import Comparison

#: Absolute tolerance where a problem gives none and floats are expected, and the relative one.
ATOL, RTOL = 1e-6, 1e-7
#: A root is one if the polynomial is at most this far from 0 there.
_ROOT_ATOL = 1e-4


def right(result: Any, expected: Any, arguments: Sequence[Any], comparison: Comparison, atol: float) -> bool:
    """Whether a program's result is right.

    Args:
        result: of the program.
        expected: result of the canonical solution.
        arguments: of the call.
        comparison: the problem's rule.
        atol: the problem's absolute tolerance; 0 asks for equality, except of floats.
    """
    try:
        return _right(result, expected, arguments, comparison, atol)
    except RecursionError:
        return False


def _found(result: Any) -> bool:
    """A search's result: what was found or None, or whether anything was."""
    return result if isinstance(result, bool) else result is not None


def _right(result: Any, expected: Any, arguments: Sequence[Any], comparison: Comparison, atol: float) -> bool:
    if comparison == "not_none":
        return _found(result) == _found(expected)
    if comparison == "set":
        return _same_set(result, expected)
    if comparison == "root":
        return _is_root(result, arguments[0], atol or _ROOT_ATOL)
    if result == expected:
        return True
    if atol == 0 and _floats(expected):
        atol = ATOL
    return atol != 0 and _close(result, expected, atol)


def _floats(expected: Any) -> bool:
    if isinstance(expected, (list, tuple)):
        return bool(expected) and all(map(_floats, expected))
    return isinstance(expected, float)


def _close(result: Any, expected: Any, atol: float) -> bool:
    if isinstance(expected, (list, tuple)):
        return (
            type(result) is type(expected)
            and len(result) == len(expected)
            and all(_close(one, other, atol) for one, other in zip(result, expected, strict=True))
        )
    if isinstance(expected, dict):
        return (
            isinstance(result, dict)
            and result.keys() == expected.keys()
            and all(_close(result[key], expected[key], atol) for key in expected)
        )
    if isinstance(expected, float) and isinstance(result, (int, float)) and not isinstance(result, bool):
        try:
            value = float(result)
        except OverflowError:
            return False
        return _near(value, expected, atol)
    if isinstance(expected, complex) and isinstance(result, complex):
        return _near(result.real, expected.real, atol) and _near(result.imag, expected.imag, atol)
    return bool(result == expected)


def _near(value: float, expected: float, atol: float) -> bool:
    if math.isnan(expected) or math.isinf(expected):
        return value == expected or (math.isnan(value) and math.isnan(expected))
    return abs(value - expected) <= atol + RTOL * abs(expected)


def _same_set(result: Any, expected: Any) -> bool:
    try:
        return set(result) == set(expected)
    except TypeError:
        return bool(result == expected)


def _is_root(result: Any, coefficients: Any, atol: float) -> bool:
    if not isinstance(result, (int, float)):
        return False
    try:
        value = sum(coefficient * result**power for power, coefficient in enumerate(coefficients))
    except OverflowError:
        return False
    return bool(abs(value) <= atol)
