"""The canonical solutions of chains pass in the judge; those of published sets: see `execution`."""

from __future__ import annotations

import pytest

from framework_codex.execution import Judge
from framework_codex.problems.chains import problems
from framework_codex.problems.config import ChainsConfig

pytestmark = pytest.mark.sandbox


def test_canonical_chains_pass() -> None:
    rows = list(problems(ChainsConfig(tasks_per_length=10)))
    with Judge() as judge:
        verdicts = judge.verdicts((row, row.canonical_solution) for row in rows)
    assert [row.task_id for row, verdict in zip(rows, verdicts, strict=True) if not verdict.passed] == []
