"""Lines of APPS (Hendrycks et al. 2021) -> problems: whole programs that read and print, or functions.

The fields are those of the published JSON lines: `question`, `input_output` (`inputs`, `outputs`, and
`fn_name` for functions), `solutions`, `starter_code`; two of them hold JSON in a text. What is printed is
compared word by word, numbers within 1e-6; the tests that occur in the question are its examples.
"""

from __future__ import annotations

import json
from typing import Any

from framework_codex.jsonl import field
from framework_codex.problem import ENTRY_OF_STDIN, Problem
from framework_codex.problems.formats import text
from framework_codex.sources.whole import as_completion

_SAME = """\
import math


def words(value):
    return "\\n".join(map(str, value)).split() if isinstance(value, list) else str(value).split()


def near(one, other):
    if one == other:
        return True
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-6, abs_tol=1e-6)
    except (TypeError, ValueError):
        return False


def printed(output, expected):
    if type(output) is not str:
        return False
    output, expected = words(output), words(expected)
    return len(output) == len(expected) and all(map(near, output, expected))


def same(result, expected):
    if isinstance(expected, list) and isinstance(result, (list, tuple)):
        return len(result) == len(expected) and all(map(same, result, expected))
    if isinstance(expected, float) and isinstance(result, (int, float)):
        return near(result, expected)
    return result == expected


def returned(result, expected):
    alone = isinstance(expected, list) and len(expected) == 1
    return same(result, expected) or (alone and same(result, expected[0]))
"""


def apps(record: dict[str, Any], number: int) -> Problem:
    """A problem of APPS; one whose program reads standard input has `stdin`."""
    question, starter = text(record, "question").strip(), text(record, "starter_code", "").strip()
    given = _json(record, "input_output", dict)
    function = given.get("fn_name") or ""
    if not isinstance(function, str) or (function and not function.isidentifier()):
        raise ValueError("field 'input_output': fn_name is no name of a function")
    cases = _cases(given, function)
    prompt = _docstring(question) + (f"{starter}\n" if starter else "")
    in_class = "class Solution" in starter
    shown = [case for case in cases if _is_shown(case[0], question, bool(function))]
    return Problem(
        task_id=f"APPS/{_name(record, number)}",
        prompt=prompt,
        entry_point="Solution" if in_class else function or ENTRY_OF_STDIN,
        canonical_solution=_solution(record, prompt),
        setup=_SAME,
        test=_test(cases, function, in_class),
        examples=_test(shown, function, in_class) if shown else "",
        stdin=not function,
    )


def _name(record: dict[str, Any], number: int) -> str:
    found = next(
        (record[name] for name in ("task_id", "problem_id", "id") if record.get(name) is not None), number
    )
    return str(found).removeprefix("APPS/")


def _json(record: dict[str, Any], name: str, kind: type) -> Any:
    """A field that holds JSON in a text, or is it already."""
    value = record.get(name)
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"field {name!r} is not JSON: {error}") from None
    if not value and kind is dict:
        raise ValueError(f"field {name!r} is empty: the problem has no tests")
    return field({name: value}, name, kind)


def _cases(given: dict[str, Any], function: str) -> list[tuple[Any, Any]]:
    inputs, outputs = given.get("inputs"), given.get("outputs")
    if not isinstance(inputs, list) or not isinstance(outputs, list) or len(inputs) != len(outputs):
        raise ValueError("field 'input_output' needs as many inputs as outputs, in two lists")
    if not inputs:
        raise ValueError("field 'input_output' is empty: the problem has no tests")
    if function:
        if not all(isinstance(case, list) for case in inputs):
            raise ValueError("field 'input_output': the inputs of a function are lists of arguments")
        return list(zip(inputs, outputs, strict=True))
    read = ["\n".join(map(str, one)) if isinstance(one, list) else str(one) for one in inputs]
    return list(zip(read, outputs, strict=True))


def _docstring(question: str) -> str:
    raw = "r" if "\\" in question else ""
    safe = question.replace('"""', "'''")
    return f'{raw}"""\n{safe}\n"""\n'


def _solution(record: dict[str, Any], prompt: str) -> str:
    """The first of the published solutions that can follow the prompt; "" if there is none."""
    if not record.get("solutions"):
        return ""
    for program in _json(record, "solutions", list):
        if isinstance(program, str):
            try:
                return as_completion(prompt, program.replace("\r\n", "\n").rstrip() + "\n")
            except ValueError:
                continue
    return ""


def _is_shown(given: Any, question: str, is_function: bool) -> bool:
    """Whether a test's input stands in the question."""
    if is_function:
        return bool(given) and all(repr(one) in question or json.dumps(one) in question for one in given)
    return bool(given.split()) and " ".join(given.split()) in " ".join(question.split())


def _test(cases: list[tuple[Any, Any]], function: str, in_class: bool) -> str:
    call = f"candidate().{function}(*given)" if in_class else "candidate(*given)"
    judged = f"returned({call}, expected)" if function else "printed(candidate(given), expected)"
    return (
        f"CASES = {cases!r}\n\n\ndef check(candidate):\n"
        f"    for number, (given, expected) in enumerate(CASES):\n"
        f"        assert {judged}, f'test {{number}}'\n"
    )
