"""Tasks from a test suite, and from what samples solve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset, DatasetDict

from framework.errors import UserError
from framework_codex.code_model import Completion
from framework_codex.curation.config import SolvedTasksConfig, TracedTasksConfig
from framework_codex.curation.solved import SolvedTasks
from framework_codex.curation.traced import TracedTasks
from framework_codex.execution.verdict import JudgeConfig
from framework_codex.problem import Problem
from framework_codex.problems.config import ProblemsConfig
from framework_codex.problems.sets import make_problems, read_problems

pytestmark = pytest.mark.sandbox

JUDGE = JudgeConfig(workers=1)
MODULE = '''\
import math as m
import os
import random
import time

LIMIT: int = 3


def halves(x):
    return x / 2


def area(r, digits=2):
    """The area of a circle, its radius halved."""
    return round(m.pi * halves(r) ** 2, digits)


def capped(values):
    """At most LIMIT of them."""
    values.sort()
    return values[:LIMIT]


def drawn(x):
    """Something random."""
    return x + random.random()


def here(x):
    """Where it is."""
    return os.getcwd() + str(x)


def plain(x):
    return x


def seen_twice(x):
    """Not often enough."""
    return x


def refuses(x):
    """Raise for odd numbers."""
    if x % 2:
        raise ValueError(x)
    return x


def gives_nothing(x):
    """Nothing."""


@staticmethod
def decorated(x):
    """It is."""
    return x


def takes_objects(x):
    """What is no data."""
    return 1


def rows(*x):
    """Any number."""
    return len(x)


class Shape:
    def side(self, x):
        """A method."""
        return x
'''
TESTS = """\
import threading

import sample

for i in range(5):
    sample.area(i), sample.area(i, digits=3), sample.capped([i, 9, 1, 5]), sample.drawn(i), sample.here(i)
    sample.plain(i), sample.seen_twice(i & 1), sample.gives_nothing(i), sample.takes_objects(object())
    sample.rows(i, i), sample.Shape().side(i)
    try:
        sample.refuses(i)
    except ValueError:
        pass
thread = threading.Thread(target=lambda: [sample.refuses(i) for i in (6, 8)])
thread.start()
thread.join()
raise SystemExit(%d)
"""


def traced(folder: Path, tests: str = TESTS % 0, **changes: Any) -> tuple[list[Problem], dict[str, str]]:
    (folder / "sample.py").write_text(MODULE)
    (folder / "run.py").write_text(f"import sys\nsys.path.insert(0, {str(folder)!r})\n{tests}")
    config = TracedTasksConfig(
        tests=(str(folder / "run.py"),), traced=str(folder / "sample.py"), judge=JUDGE, **changes
    )
    out = folder / "out"
    out.mkdir()
    seen: list[Any] = []
    TracedTasks(config).produce(out, seen.append)
    assert seen[-1].done == seen[-1].total
    dropped = [json.loads(line) for line in (out / "dropped.jsonl").read_text().splitlines()]
    source = ProblemsConfig(source="jsonl", path=out / "problems.jsonl")
    assert len(make_problems(replace(source, as_pairs=True))["pairs"]) == len(read_problems(source))
    return read_problems(source), {row["task_id"]: row["reason"] for row in dropped}


def test_functions_of_a_test_suite_become_tasks(tmp_path: Path) -> None:
    problems, dropped = traced(tmp_path)
    found = {problem.entry_point: problem for problem in problems}
    assert set(found) == {"area", "capped", "refuses"}
    area = found["area"]
    assert area.prompt.startswith(
        "import math as m\ndef halves(x):\n    return x / 2\n\n\ndef area(r, digits=2):\n"
    )
    assert area.canonical_solution == "    return round(m.pi * halves(r) ** 2, digits)\n"
    assert "((4, 3), 12.566)," in area.test and area.test.count("),\n") == 10
    # Arguments are kept as they were before the call.
    assert "(([4, 9, 1, 5],), [1, 4, 5])," in found["capped"].test
    assert "LIMIT: int = 3\n" in found["capped"].prompt
    # Calls that raised are none, those of other threads are.
    assert "((6,), 6)" in found["refuses"].test and "(1,)" not in found["refuses"].test
    lines = {
        name: MODULE[: MODULE.index(f"def {name}(")].count("\n") + 1 for name in ("drawn", "here", "plain")
    }
    reasons = {name: dropped[f"sample/sample:{line}"] for name, line in lines.items()}
    assert "its solution does not pass" in reasons["drawn"] and "does not pass" in reasons["here"]
    assert "has no docstring" in reasons["plain"]
    assert "only 2 different calls were seen" in dropped.values()
    assert len(dropped) == 5  # halves and seen_twice, too


def test_a_suite_that_fails_is_used_and_one_that_shows_nothing_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    problems, _ = traced(tmp_path, TESTS % 3, most_calls=4)
    assert "ended with status 3" in caplog.text
    assert all(problem.test.count("),\n") <= 4 for problem in problems)
    for number, (tests, message) in enumerate(
        [("print('hello')", "hello"), ("import time\ntime.sleep(60)", "did not end within 2 s")]
    ):
        other = tmp_path / str(number)
        other.mkdir()
        with pytest.raises(UserError, match=message):
            traced(other, tests, seconds=2.0)


class Writer:
    """Writes one of some completions for each task."""

    def __init__(self, completions: dict[str, list[str]]) -> None:
        self.completions = completions
        self.asked = 0

    def fingerprint(self) -> str:
        return "writer"

    def sample(self, requests: Any, sampling: Any) -> Iterator[tuple[int, Completion]]:
        for position, request in enumerate(requests):
            self.asked += 1
            own = self.completions[request.task_id]
            yield position, Completion(own[request.index % len(own)], 1, -float(request.index))


def problem(name: str, canonical: str = "") -> Problem:
    test = "def check(candidate):\n    assert candidate(1) == 2\n"
    return Problem(
        task_id=name,
        prompt=f"# {name}\ndef f(x):\n",
        entry_point="f",
        test=test,
        canonical_solution=canonical,
    )


def test_tasks_that_no_sample_solves_or_that_change_are_dropped(tmp_path: Path) -> None:
    right, also, wrong = "    return x + 1\n", "    return 1 + x\n", "    return x\n"
    sometimes = "    import os  # {}\n    return x + (os.urandom(1)[0] < 32)\n"
    problems = [
        problem("kept", right),
        problem("sampled"),
        problem("unsolved"),
        problem("too hard", right),
        problem("broken", wrong),
        problem("drawn"),
    ]
    completions = {
        "kept": [right, wrong],
        "sampled": [wrong, also, right],
        "unsolved": [wrong],
        "too hard": [wrong],
        "broken": [right],
        "drawn": [sometimes.format(number) for number in range(60)],
    }
    model = Writer(completions)
    environment = DatasetDict({"problems": Dataset.from_list([one.row() for one in problems])})
    config = SolvedTasksConfig(problems=environment, model=model, n=60, judge=JUDGE, repeats=4)
    seen: list[Any] = []
    SolvedTasks(config).produce(tmp_path, seen.append)
    kept = read_problems(ProblemsConfig(source="jsonl", path=tmp_path / "problems.jsonl"))
    assert {one.task_id: one.canonical_solution for one in kept} == {"kept": right, "sampled": also}
    rows = map(json.loads, (tmp_path / "dropped.jsonl").read_text().splitlines())
    dropped = {row["task_id"]: row["reason"] for row in rows}
    assert dropped["unsolved"] == dropped["too hard"] == "none of 60 samples solves it"
    assert "failed" in dropped["broken"]
    assert "not deterministic" in dropped["drawn"] or "does not pass" in dropped["drawn"]
    asked = model.asked
    SolvedTasks(config).produce(tmp_path, seen.append)
    assert model.asked == asked and seen[-1].done == 6
