"""Lines of MBPP (Austin et al. 2021) and of EvalPlus's MBPP+ -> problems.

MBPP has no prompts but a sentence each; as EvalPlus does, the sentence and one of the assertions
make a docstring, so that the function's name is known. What a completion has to be is then the
whole function.
"""

from __future__ import annotations

import ast
from collections import Counter
from typing import Any

from framework_codex.jsonl import field
from framework_codex.problem import Comparison, Problem
from framework_codex.problems.formats import entry_point, inputs, task_id, text
from framework_codex.problems.limits import within_limits
from framework_codex.problems.shapes import Domain, Shape, domain, shaped
from framework_codex.problems.syntax import parse
from framework_codex.problems.values import encode

#: MBPP+ tasks whose results have an order nobody asked for, or are matches or None.
_COMPARISONS: dict[str, Comparison] = {
    **dict.fromkeys((f"Mbpp/{n}" for n in (2, 7, 111, 140, 232, 249, 579, 769)), "set"),
    **dict.fromkeys((f"Mbpp/{n}" for n in (737, 787, 794)), "not_none"),
}

#: Arguments whose types MBPP+'s assertions do not show.
_DOMAINS: dict[str, Domain] = {
    "Mbpp/124": (Shape("float"), Shape("complex")),
    "Mbpp/252": (Shape("complex"),),
    "Mbpp/580": (Shape("tuples"),),
}


def mbpp(record: dict[str, Any], number: int) -> Problem:
    """MBPP's fields, or those of its sanitized part (`prompt`, `test_imports`)."""
    found = field(record, "task_id", int)
    description = text(record, "text" if "text" in record else "prompt")
    code = text(record, "code").rstrip() + "\n"
    tests = _texts(record, "test_list")
    setup = [*_texts(record, "test_imports"), *_imports(code, tests), text(record, "test_setup_code", "")]
    if not tests:
        raise ValueError("field 'test_list' is empty, expected assertions")
    return Problem(
        task_id=f"Mbpp/{found}",
        prompt=f'"""\n{description.strip()}\n{tests[0].strip()}\n"""\n',
        entry_point=_called(code, tests),
        canonical_solution=code,
        test="\n".join([*(test.strip() for test in tests), ""]),
        test_kind="asserts",
        setup="\n".join(line for line in setup if line),
    )


def mbpp_plus(record: dict[str, Any], number: int) -> Problem:
    """EvalPlus's fields. JSON knows no tuples and sets: the assertions tell where they belong."""
    found, function = task_id(record), entry_point(record)
    shapes = _DOMAINS.get(found) or domain(text(record, "assertion"), function)
    cases = [shaped(shapes, case) for case in within_limits(found, inputs(record))]
    return Problem(
        task_id=found,
        prompt=text(record, "prompt"),
        entry_point=function,
        canonical_solution=text(record, "canonical_solution"),
        test_kind="cases",
        cases=encode(cases),
        comparison=_COMPARISONS.get(found, "equal"),
        atol=field(record, "atol", float, 0.0),
    )


def _texts(record: dict[str, Any], name: str) -> list[str]:
    found = field(record, name, list, [])
    return [text({name: item}, name) for item in found]


def _imports(code: str, tests: list[str]) -> list[str]:
    """Modules the tests use and only the solution imports: a program's word is not taken for them."""
    used = {
        node.id
        for node in ast.walk(parse("\n".join(test.strip() for test in tests)))
        if isinstance(node, ast.Name)
    }
    return sorted(
        f"import {name.name}"
        for node in parse(code).body
        if isinstance(node, ast.Import)
        for name in node.names
        if name.asname is None and name.name in used
    )


def _called(code: str, tests: list[str]) -> str:
    """The function of a solution that its tests are about."""
    defined = {node.name for node in parse(code).body if isinstance(node, ast.FunctionDef)}
    calls = Counter(
        node.func.id
        for node in ast.walk(parse("\n".join(test.strip() for test in tests)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in defined
    )
    if not calls:
        raise ValueError("no test calls a function that the code defines")
    return calls.most_common(1)[0][0]
