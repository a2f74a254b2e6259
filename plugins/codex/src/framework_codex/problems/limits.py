"""Inputs of EvalPlus's that would test the machine rather than the program."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

#: The largest number among the arguments. With larger ones the canonical solutions would take
#: seconds, or their results tens of megabytes; what is left takes them about one at most.
_LARGEST = {
    "HumanEval/15": 100_000,
    "HumanEval/100": 100_000,
    "HumanEval/130": 100_000,
    "HumanEval/139": 400,
    "Mbpp/123": 9_000,
    "Mbpp/255": 20,
    "Mbpp/271": 900_000,
    "Mbpp/392": 900_000,
    "Mbpp/592": 1_000,
    "Mbpp/599": 10_000_000,
    "Mbpp/603": 9_000,
}
#: The longest list among the arguments, likewise.
_LONGEST = {"Mbpp/630": 8}


def within_limits(task_id: str, cases: Sequence[list[Any]]) -> list[list[Any]]:
    """The argument lists that are not too large for a task."""
    largest, longest = _LARGEST.get(task_id, math.inf), _LONGEST.get(task_id, math.inf)
    return [case for case in cases if all(_size(x) <= longest and _number(x) <= largest for x in case)]


def _number(argument: Any) -> float:
    return argument if isinstance(argument, int | float) else -math.inf


def _size(argument: Any) -> int:
    return len(argument) if isinstance(argument, list) else 0
