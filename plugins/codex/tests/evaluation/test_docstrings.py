from __future__ import annotations

from typing import Any

import pytest

from framework.errors import UserError
from framework_codex.evaluation.config import DocstringsConfig
from framework_codex.evaluation.docstrings import Docstrings
from framework_codex.problem import Problem
from framework_codex.problems.chains import make_chains, problems
from framework_codex.problems.config import ChainsConfig

CHAINS = ChainsConfig(functions=5, validation=5, pairs=5, test_lengths=(1, 2), tasks_per_length=4)


def test_docstrings_are_graded_by_their_blocks(scripted: Any) -> None:
    made = {problem.task_id: problem for problem in problems(CHAINS)}

    def write(request: Any) -> str:
        docstring: str = made[request.task_id].prompt.split('"""')[1]
        if request.index == 0:
            return docstring
        if request.index == 1:
            return docstring.upper() + "\n"
        return "Do what is right." if request.index == 2 else "Convert it to lower case, then frobnicate."

    model = scripted(lambda task, t: 0.0, write=write)
    report = Docstrings(DocstringsConfig(n=4, k=(1, 2, 4)))(model, make_chains(CHAINS))
    assert report.metrics["pass_at_1"] == pytest.approx(0.5)
    assert report.metrics["pass_at_4"] == pytest.approx(1)
    assert report.metrics["unreadable"] == pytest.approx(0.5)
    assert [row[:2] for row in report.tables["by length"].rows] == [[1, 4], [2, 4]]


def test_the_model_sees_the_code_alone(scripted: Any) -> None:
    seen: list[str] = []
    model = scripted(lambda task, t: 0.0, write=lambda request: seen.append(request.prompt) or "No.")
    report = Docstrings(DocstringsConfig(n=1, k=(1,), lengths=(2,)))(model, make_chains(CHAINS))
    assert report.metrics["pass_at_1"] == 0
    made = [problem for problem in problems(CHAINS) if problem.length == 2]
    expected = {problem.prompt.split("\n")[0] + "\n" + problem.canonical_solution + '"""' for problem in made}
    assert set(seen) == expected


def test_other_problems_are_refused(scripted: Any, problem: Any, environment: Any) -> None:
    with pytest.raises(UserError, match="problem a: its docstring does not name known building blocks"):
        Docstrings(DocstringsConfig())(scripted(lambda task, t: 0.0), environment([problem("a")]))


def test_chains_are_problems() -> None:
    assert all(isinstance(problem, Problem) for problem in problems(CHAINS))
