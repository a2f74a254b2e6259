"""The examples that prompts show."""

from __future__ import annotations

import pytest

from framework_codex.problem import Problem
from framework_codex.problems.config import ProblemsConfig
from framework_codex.problems.examples import shown_examples, with_examples_as_tests
from framework_codex.problems.sets import read_problems

HEAD = 'def f(x):\n    """Do it.\n'


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (">>> f(1)\n    2", [("f(1)", "2")]),
        (">>> f([1])  # one\n    [2,\n    3]\n", [("f([1])", "[2, 3]")]),
        (">>> round(f(1), 2)\n    -0.5", [("round(f(1), 2)", "-0.5")]),
        ('>>> f(1)\n    2"""', [("f(1)", "2")]),
        ("f(1) == 2", [("f(1)", "2")]),
        ("* f((1, ')')) => 'a b'.", [("f((1, ')'))", "'a b'")]),
        ("For example, f(1) should return 2, and so on", [("f(1)", "2")]),
        ("f(1) ==> ['A+', 'B']", [("f(1)", "['A+', 'B']")]),
        ("f(1) -> 19 - 5 = 14", []),
        ("f(n) = 1", []),
        ("f(1) = n + 1", []),
        ("f(1) is hard", []),
        (">>> g(1)\n    2", []),
        ("f(1", []),
    ],
)
def test_examples_are_calls_with_literal_results(line: str, found: list[tuple[str, str]]) -> None:
    assert list(shown_examples(f'{HEAD}    {line}\n    """\n', "f")) == found


def test_what_human_eval_shows() -> None:
    problems = {problem.task_id: problem for problem in read_problems(ProblemsConfig())}
    shown = {name: with_examples_as_tests(problem) for name, problem in problems.items()}
    assert sum(one is not None for one in shown.values()) == 138
    eight = shown["HumanEval/8"]
    assert eight is not None and eight.task_id == "HumanEval/8"
    assert eight.test == (
        "def check(candidate):\n    sum_product = candidate\n"
        "    assert sum_product([]) == (0, 1)\n    assert sum_product([1, 2, 3, 4]) == (10, 24)\n"
    )


def test_named_examples_come_first() -> None:
    own = Problem(
        task_id="t",
        prompt=f'{HEAD}    >>> f(1)\n    2\n    """\n',
        entry_point="f",
        examples="assert f(3) == 4\n",
        test_kind="asserts",
    )
    found = with_examples_as_tests(own)
    assert found is not None and (found.test, found.test_kind) == ("assert f(3) == 4\n", "asserts")
