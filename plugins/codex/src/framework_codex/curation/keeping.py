"""What becomes of tasks: kept in one file, dropped in another, with the reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from framework.errors import UserError
from framework.shards import Shards
from framework_codex.execution.judge import Judge
from framework_codex.execution.verdict import JudgeConfig
from framework_codex.problem import Problem
from framework_codex.problems.sets import TASKS

#: Problems in the format `jsonl` of codex/problems, and names with reasons.
KEPT, DROPPED = TASKS, "dropped.jsonl"


def unsteady(problems: Sequence[Problem], judge: JudgeConfig, repeats: int) -> dict[str, str]:
    """Problems whose canonical solution does not pass every time, and why, by task id.

    Each time is a new judge without a memory, so new processes.
    """
    reasons: dict[str, str] = {}
    passed: set[str] = set()
    for _ in range(repeats):
        with Judge(judge) as fresh:
            verdicts = fresh.verdicts([(problem, problem.canonical_solution) for problem in problems])
        for problem, verdict in zip(problems, verdicts, strict=True):
            if verdict.passed:
                passed.add(problem.task_id)
            else:
                reasons.setdefault(problem.task_id, f"{verdict.outcome}: {verdict.detail}")
    return {
        name: f"not deterministic: {reason}" if name in passed else f"its solution does not pass: {reason}"
        for name, reason in reasons.items()
    }


def write(folder: Path, kept: Sequence[Problem], dropped: Mapping[str, str]) -> None:
    """Write both files.

    Raises:
        UserError: nothing is kept.
    """
    if not kept:
        named = "\n  ".join(f"{name}: {reason}" for name, reason in list(dropped.items())[:10])
        raise UserError(f"of {len(dropped)} tasks none is kept\n  {named}")
    shards = Shards(folder)
    standard = {field.name: field.default for field in fields(Problem)}
    rows = [
        {name: value for name, value in problem.row().items() if value != standard[name]} for problem in kept
    ]
    named_rows = [{"task_id": name, "reason": reason} for name, reason in dropped.items()]
    for name, content in ((DROPPED, named_rows), (KEPT, rows)):
        with shards.write(name, rows=len(content)) as path:
            path.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="ascii")


def is_done(folder: Path) -> bool:
    """Whether an earlier process has written them."""
    return KEPT in Shards(folder).finished()
