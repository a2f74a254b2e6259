"""All reference solutions of all sets pass in the judge: the formats, and the judge, are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from framework_codex.execution.judge import Judge
from framework_codex.execution.verdict import JudgeConfig
from framework_codex.problem import Problem
from framework_codex.problems.chains import problems
from framework_codex.problems.config import ChainsConfig, ProblemsConfig, Source
from framework_codex.problems.sets import read_problems


def failing(rows: list[Problem]) -> list[str]:
    with Judge(JudgeConfig()) as judge:
        verdicts = judge.verdicts((row, row.canonical_solution) for row in rows)
    return [
        f"{row.task_id}: {verdict}" for row, verdict in zip(rows, verdicts, strict=True) if not verdict.passed
    ]


def test_canonical_chains_pass() -> None:
    assert failing(list(problems(ChainsConfig(tasks_per_length=10)))) == []


def test_human_eval_passes() -> None:
    assert failing(read_problems(ProblemsConfig())) == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("humaneval_plus", "HumanEvalPlus.jsonl.gz"),
        ("humaneval_plus_mini", "HumanEvalPlus-Mini.jsonl.gz"),
        ("mbpp", "mbpp/mbpp.jsonl"),
        ("mbpp_sanitized", "mbpp/sanitized-mbpp.json"),
        ("mbpp_plus", "MbppPlus.jsonl.gz"),
        ("infilling_single_line", "human-eval-infilling/HumanEval-SingleLineInfilling.jsonl.gz"),
        ("infilling_random_span_light", "human-eval-infilling/HumanEval-RandomSpanInfillingLight.jsonl.gz"),
    ],
)
def test_reference_solutions_pass(source: Source, file: str, data: Path) -> None:
    assert failing(read_problems(ProblemsConfig(source=source, path=data / file))) == []
