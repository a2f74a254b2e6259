from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from framework.errors import UserError
from framework_codex.evaluation.config import VariableBindingConfig
from framework_codex.evaluation.variable_binding import VariableBinding
from framework_codex.problems.bindings import MISTAKES, binding_problem

SHAPES = [(v, m, index) for v in (2, 4, 6) for m in range(v + 1) for index in range(3)]


@pytest.mark.parametrize(("variables", "operations", "index"), SHAPES)
def test_the_canonical_solution_passes_and_makes_no_mistake(
    variables: int, operations: int, index: int, local_judge: Any
) -> None:
    problem, mistaken = binding_problem(variables, operations, index, seed=0)
    programs = [(one, problem.canonical_solution) for one in (problem, *mistaken.values())]
    outcomes = [local_judge.verdict(*program).outcome for program in programs]
    assert outcomes == ["passed"] + ["failed"] * len(mistaken)
    assert problem.canonical_solution.count("\n") == operations + 1


def test_the_docstring_says_what_the_solution_does() -> None:
    for variables, operations, index in SHAPES:
        problem, _ = binding_problem(variables, operations, index, seed=1)
        asked = {}
        docstring = problem.prompt.split('"""')[1]
        for verb, amount, names in re.findall(r"(\w+) (\d) (?:to|from) ([^.]+?)(?=, then |\. )", docstring):
            for name in re.findall(r"\b[xyzwuv]\b", names):
                asked[name] = int(amount) * (1 if verb.lower() == "add" else -1)
        done = {
            name: int(sign + amount)
            for name, sign, amount in re.findall(r"(\w) = \1 ([+-]) (\d)", problem.canonical_solution)
        }
        assert asked == done


def test_the_papers_example_is_of_this_kind() -> None:
    prompts = (binding_problem(4, 3, index, seed=0)[0].prompt for index in itertools.count())
    prompt = next(prompt for prompt in itertools.islice(prompts, 3000) if "from both x and w" in prompt)
    assert re.match(r'def do_work\(x, y, z, w\):\n    """(Add|Subtract) ', prompt)
    assert prompt.endswith('Return the product of the four numbers."""\n')


def spoiled(kind: str, solution: str) -> str:
    """The solution with one mistake of a kind."""
    *changes, last = solution.splitlines(keepends=True)
    if kind == "operation left out":
        return "".join([*changes[:-1], last])
    if kind == "factor missing":
        return "".join([*changes, last.replace("x * ", "")])
    if kind == "operation left out and factor missing":
        # Of another variable: without the factor nobody could tell that the operation is missing.
        other = "y" if changes[-1].split()[0] == "x" else "x"
        return "".join([*changes[:-1], last.replace(f"{other} * ", "")])
    if kind == "wrong variable":
        name = changes[-1].split()[0]
        return "".join([*changes[:-1], changes[-1].replace(name, "y" if name == "x" else "x"), last])
    if kind == "wrong sign":
        return "".join([*changes[:-1], changes[-1].translate(str.maketrans("+-", "-+")), last])
    return {"other result": "    return 7\n", "no result": "    return x +\n", "passed": solution}[kind]


@pytest.mark.parametrize("kind", [*MISTAKES, "other result", "no result", "passed"])
def test_every_mistake_is_recognised(kind: str, scripted: Any, local_judge: Any) -> None:
    config = VariableBindingConfig(n=2, problems=6, operations=(1, 2, 4))
    made = [binding_problem(4, count, index, 0)[0] for count in (1, 2, 4) for index in range(6)]
    solutions = {problem.task_id: problem.canonical_solution for problem in made}
    model = scripted(lambda task, t: 0.0, write=lambda request: spoiled(kind, solutions[request.task_id]))
    report = VariableBinding(config)(model, None)
    table = report.tables["by operations"]
    for row in table.rows:
        found = dict(zip(table.columns, row, strict=True))
        assert found["programs"] == 12
        if kind == "passed":
            assert found["pass rate"] == 1
        else:
            assert found[kind] == 12
    assert report.metrics["pass_rate"] == (kind == "passed")
    ends = [f"operations_{count}/pass_rate{end}" for count in (1, 2, 4) for end in ("", "_low", "_high")]
    assert set(report.metrics) == {"pass_rate", *ends}


def test_more_operations_than_variables_are_refused() -> None:
    with pytest.raises(UserError, match="operations: 4 operations"):
        VariableBindingConfig(variables=3)
