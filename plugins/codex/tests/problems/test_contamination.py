from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework_codex.problem import Problem
from framework_codex.problems.canonical import canonical, functions, outline
from framework_codex.problems.chains import texts
from framework_codex.problems.config import ChainsConfig, ProblemsConfig
from framework_codex.problems.contamination import Index, Match, contaminated, summary
from framework_codex.problems.installed import functions_of, standard_library
from framework_codex.problems.sets import read_problems

ORIGINAL = '''
def below(numbers: list[int], limit: int = 3) -> list[int]:
    """Numbers below a limit, doubled."""
    found = []
    for number in numbers:
        if number < limit:
            found.append(number * 2)
    return found
'''
RENAMED = """
class Tools:
    @staticmethod
    def doubled(values, top=3):
        result: list = []
        for value in values:  # a comment
            if (value < top):
                result.append(value * 2)
        return result
"""


def problem(task_id: str, program: str, entry_point: str) -> Problem:
    return Problem(task_id=task_id, prompt=program, entry_point=entry_point)


def form(text: str) -> str | None:
    return canonical(next(functions(text)))


def test_code_is_the_same_under_other_names_and_layout() -> None:
    assert form(ORIGINAL) == form(RENAMED) is not None
    assert outline(next(functions(ORIGINAL))) == outline(next(functions(RENAMED)))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("number < limit", "number <= limit"),
        ("number < limit", "limit < number"),
        ("* 2", "* 3"),
        ("append", "insert"),
        ("return found", "return numbers"),
        ("number * 2", "abs(number)"),
        ("numbers: list[int], ", ""),
    ],
)
def test_other_code_is_not_the_same(old: str, new: str) -> None:
    assert form(ORIGINAL) != form(ORIGINAL.replace(old, new))


def test_small_bodies_are_not_compared() -> None:
    assert form("def add(x, y):\n    return x + y\n") is None


NAMES = st.lists(st.sampled_from("abcdefghij"), min_size=4, max_size=4, unique=True)


@given(names=NAMES)
def test_any_renaming_is_seen_through(names: list[str]) -> None:
    text = ORIGINAL
    for old, new in zip(("numbers", "number ", "limit", "found"), names, strict=True):
        text = text.replace(old, f"{new}_" + " " * old.endswith(" "))
    text = text.replace("number:", f"{names[1]}_:")
    assert form(text) == form(ORIGINAL)


@given(st.text() | st.text().map(lambda body: f"def f(x):\n    {body}\n"))
def test_any_text_can_be_looked_up(text: str) -> None:
    Index([problem("a", ORIGINAL, "below")]).matches(text)


def test_matches_name_the_text_the_problem_and_the_share() -> None:
    words = " ".join(f"w{i}" for i in range(25))
    problems = [problem("a", ORIGINAL, "below"), problem("b", f'"""{words}"""\ndef g(): pass\n', "g")]
    found = contaminated(["x = 1", RENAMED, "# " + " ".join(words.split()[:21]), "other words"], problems)
    assert found[0] == Match(1, "a", "solution", 1.0)
    assert [(m.text, m.task_id, m.kind) for m in found] == [(1, "a", "solution"), (2, "b", "words")]
    # 25 words, `def g pass` after them: 19 runs of 10, of which 21 words have 12.
    assert found[1].share == pytest.approx(12 / 19)
    assert summary(found, 2) == {"texts": 2, "problems": 2, "share": 1.0, "solutions": 1}
    assert contaminated([], problems) == contaminated([ORIGINAL], []) == []


def test_runs_are_found_as_a_search_would() -> None:
    """Against every run of words compared with every other."""
    corpus = list(texts(ChainsConfig(functions=200), "train"))
    problems = [problem(str(i), text, "none") for i, text in enumerate(corpus[:8])]

    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[i : i + 10]) for i in range(len(words) - 9)}

    expected = {
        (t, p.task_id): len(runs(text) & runs(p.prompt)) / len(runs(p.prompt))
        for t, text in enumerate(corpus)
        for p in problems
        if runs(text) & runs(p.prompt)
    }
    found = {(m.text, m.task_id): m.share for m in contaminated(corpus, problems)}
    assert found == pytest.approx(expected) and len(found) > 20


def test_every_problem_is_found_in_itself() -> None:
    problems = read_problems(ProblemsConfig())
    programs = [p.program(p.canonical_solution) for p in problems]
    found = contaminated(programs, problems)
    assert {(m.text, m.task_id) for m in found} >= {(i, p.task_id) for i, p in enumerate(problems)}
    bare = [ast.unparse(ast.parse(p.prompt + p.canonical_solution)) for p in problems]
    bodies = [text.replace(p.entry_point, "renamed") for text, p in zip(bare, problems, strict=True)]
    solutions = {m.task_id for m in contaminated(bodies, problems) if m.kind == "solution"}
    assert len(solutions) >= 145


def test_the_standard_library_holds_one_problem_of_mbpp(data: Path) -> None:
    harvest = functions_of([("stdlib", standard_library())], 8000)
    corpus = [function.text for function in harvest]
    problems = read_problems(ProblemsConfig(source="mbpp", path=data / "mbpp/mbpp.jsonl"))
    found: list[Any] = contaminated(corpus, problems)
    solved = {m.task_id: harvest[m.text].origin.split(":")[0] for m in found if m.kind == "solution"}
    # Counting by a loop: task 242 counts characters as http.cookiejar counts cookies.
    assert solved == {"Mbpp/242": "stdlib/http/cookiejar.py"}
    assert summary(found, len(problems))["problems"] <= 5
