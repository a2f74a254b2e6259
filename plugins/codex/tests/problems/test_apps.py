"""Problems in the format of APPS: programs that read and print, and functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from framework.errors import UserError
from framework_codex.execution import Judge, JudgeConfig
from framework_codex.problem import Problem
from framework_codex.problems.config import ProblemsConfig
from framework_codex.problems.examples import with_examples_as_tests
from framework_codex.problems.sets import make_problems, read_problems

SUM = {
    "problem_id": 7,
    "question": 'Print the sum of the numbers.\\nExample\n\nInput\n1 2\nOutput\n3\n"""',
    "input_output": json.dumps(
        {"inputs": ["1 2\n", "10 20 30\n", "0.5\n"], "outputs": ["3\n", "60\n", ["0.5"]]}
    ),
    "solutions": json.dumps(["print(sum(map(float, input().split())))"]),
    "starter_code": "",
    "difficulty": "interview",
}
DOUBLE = {
    "problem_id": 8,
    "question": "Double it: double(3) is 6.",
    "input_output": json.dumps({"fn_name": "double", "inputs": [[3], [4]], "outputs": [6, [8]]}),
    "solutions": json.dumps(["def double(x):\n\treturn x * 2"]),
    "starter_code": "def double(x):\n\t",
}
METHOD = {
    "problem_id": 9,
    "question": "Negate.",
    "input_output": {"fn_name": "negate", "inputs": [[3], [[1]]], "outputs": [-3, None]},
    "solutions": [
        "class Solution:\n    def negate(self, x):\n        return None if isinstance(x, list) else -x\n"
    ],
    "starter_code": "class Solution:\n    def negate(self, x):\n",
}


def read(tmp_path: Path, *records: Any) -> list[Problem]:
    path = tmp_path / "apps.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    return read_problems(ProblemsConfig(source="apps", path=path))


@pytest.mark.sandbox
def test_programs_that_read_and_print(tmp_path: Path) -> None:
    (problem,) = read(tmp_path, SUM)
    assert problem.task_id == "APPS/7" and problem.stdin and problem.prompt.startswith('r"""\nPrint')
    shown = with_examples_as_tests(problem)
    assert shown is not None and "10 20 30" not in shown.test
    only_two = "a, b = input().split()\nprint(int(a) + int(b))\n"
    programs = {
        problem.canonical_solution: ("passed", "passed"),
        only_two: ("exception", "passed"),
        "import sys\ndef main():\n    print(sum(map(float, sys.stdin.buffer.read().split())))\n"
        "if __name__ == '__main__':\n    main()\n    sys.exit()\n": ("passed", "passed"),
        "import sys\nsys.stdout.buffer.write(b'3')\n": ("failed", "passed"),
        "print(3)\nraise SystemExit(1)\n": ("exception", "exception"),
        "print(sum(": ("exception", "exception"),
        "def run_program(text): return 3\n": ("failed", "failed"),
    }
    with Judge(JudgeConfig(workers=1)) as judge:
        found = judge.verdicts([(one, text) for text in programs for one in (problem, shown)])
    outcomes = [verdict.outcome for verdict in found]
    assert list(zip(outcomes[::2], outcomes[1::2], strict=True)) == list(programs.values())


@pytest.mark.sandbox
def test_functions_and_methods(tmp_path: Path) -> None:
    double, method = read(tmp_path, DOUBLE, METHOD)
    assert (double.entry_point, method.entry_point) == ("double", "Solution")
    wrong = "    return x * 3\n"
    with Judge(JudgeConfig(workers=1)) as judge:
        found = judge.verdicts(
            [
                (double, double.canonical_solution), (double, "    return x + x\n"), (double, wrong),
                (method, method.canonical_solution), (method, "        return -x\n"),
            ]
        )  # fmt: skip
    assert [one.outcome for one in found] == ["passed", "passed", "failed", "passed", "exception"], found
    assert "[3]" in double.examples and "[4]" not in double.examples and not method.examples


def test_they_are_kept_as_rows(tmp_path: Path) -> None:
    path = tmp_path / "apps.jsonl"
    path.write_text(json.dumps(SUM) + "\n" + json.dumps(METHOD))
    rows = make_problems(ProblemsConfig(source="apps", path=path))["problems"]
    assert [Problem.of(row) for row in rows] == read(tmp_path, SUM, METHOD)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_output": ""}, "has no tests"),
        ({"input_output": "{"}, "'input_output' is not JSON"),
        ({"input_output": {"inputs": ["1"], "outputs": []}}, "as many inputs as outputs"),
        ({"input_output": {"inputs": [], "outputs": []}}, "has no tests"),
        ({"input_output": {"fn_name": "a b", "inputs": [[1]], "outputs": [1]}}, "no name of a function"),
        ({"input_output": {"fn_name": "f", "inputs": ["1"], "outputs": [1]}}, "lists of arguments"),
        ({"question": None}, "'question'"),
    ],
)
def test_bad_records_are_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as error:
        read(tmp_path, {**SUM, **change})
    assert "apps.jsonl:1" in str(error.value)


def test_problems_of_ones_own_may_have_any_field(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    (problem,) = read(tmp_path, SUM)
    path.write_text(json.dumps(problem.row()))
    assert read_problems(ProblemsConfig(source="jsonl", path=path)) == [problem]
    path.write_text(json.dumps({**problem.row(), "test_kind": "guess"}))
    with pytest.raises(UserError, match="expected one of check, asserts, cases"):
        read_problems(ProblemsConfig(source="jsonl", path=path))
