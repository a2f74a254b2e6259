"""With the real judge: what is judged, what a kill costs."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from framework.errors import UserError
from framework.testing import assert_same
from framework_codex.evaluation.config import PassAtKConfig, VariableBindingConfig
from framework_codex.evaluation.pass_at_k import PassAtK
from framework_codex.evaluation.variable_binding import VariableBinding
from framework_codex.execution import cache
from framework_codex.execution.verdict import JudgeConfig, Limits

pytestmark = pytest.mark.sandbox

JUDGE = JudgeConfig(limits=Limits(cpu_seconds=0.3), workers=1)
CONFIG = PassAtKConfig(n=8, k=(1, 8), temperatures=(0.8,), judge=JUDGE)


def half(task: str, temperature: float) -> float:
    return 0.5


@pytest.fixture
def three(problem: Any, environment: Any) -> Any:
    return environment([problem(name) for name in "abc"])


def evaluated(model: Any, environment: Any, folder: Path) -> dict[str, Any]:
    evaluator = PassAtK(CONFIG)
    evaluator.folder = folder
    return evaluator(model, environment).to_dict()


def after(count: int, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Have something happen once so many verdicts are kept; returns the keys of those."""
    kept: list[bytes] = []
    put = cache.Cache.put

    def counted(self: Any, key: bytes, verdict: Any) -> None:
        put(self, key, verdict)
        kept.append(key)
        if len(kept) == count:
            act()

    monkeypatch.setattr(cache.Cache, "put", counted)
    return kept


def test_outcomes_are_those_of_the_programs(scripted: Any, problem: Any, environment: Any) -> None:
    programs = ["    return x + 1\n", "    return x\n", "    raise KeyError\n", "    while True: pass\n"]
    model = scripted(half, write=lambda request: programs[request.index % 4])
    report = PassAtK(CONFIG)(model, environment([problem("a")]))
    assert report.metrics["pass_at_1"] == pytest.approx(0.25)
    assert report.tables["problems"].rows[0][-1] == "failed 2, exception 2, timed_out 2"


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_kill_while_judging_costs_nothing(
    scripted: Any, three: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = evaluated(scripted(half), three, tmp_path / "whole")
    distinct = len({(row, text) for row, text in _programs(tmp_path / "whole", scripted(half))})
    folder = tmp_path / "killed"
    child = os.fork()
    if child == 0:
        after(4, lambda: os.kill(os.getpid(), signal.SIGKILL), monkeypatch)
        evaluated(scripted(half), three, folder)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    with sqlite3.connect(folder / "verdicts.sqlite") as database:
        before = {key for (key,) in database.execute("SELECT key FROM verdicts")}
    database.close()
    assert len(before) == 4
    model = scripted(half)
    judged = after(10**6, lambda: None, monkeypatch)
    assert_same(evaluated(model, three, folder), whole)
    assert model.drawn == []
    assert len(judged) == distinct - 4
    assert not before & set(judged)


def _programs(folder: Path, model: Any) -> list[tuple[str, str]]:
    from framework_codex.code_model import Sampling
    from framework_codex.evaluation.sample_file import SampleFile, file_of

    found = SampleFile(file_of("samples", folder, model, Sampling(temperature=0.8), 0)).read()
    return [(key[0], completion.text) for key, completion in found.items()]


def test_mistakes_are_told_by_the_judge(scripted: Any) -> None:
    def write(request: Any) -> str:
        return "    return x * y\n" if request.index else "    return x\n"

    config = VariableBindingConfig(n=2, problems=2, variables=2, operations=(0, 1), judge=JUDGE)
    report = VariableBinding(config)(scripted(half, write=write), None)
    table = report.tables["by operations"]
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    assert (rows[0]["factor missing"], rows[0]["pass rate"]) == (2, 0.5)
    assert rows[1]["operation left out"] == 2


def test_what_cannot_be_judged_is_named_and_left_out(
    scripted: Any, problem: Any, environment: Any, caplog: pytest.LogCaptureFixture
) -> None:
    good, wrong = problem("good"), replace(problem("wrong"), canonical_solution="    return 0\n")
    report = PassAtK(CONFIG)(scripted(half), environment([good, wrong]))
    assert report.metrics["problems"] == 1 and 0 < report.metrics["pass_at_1"] < 1
    (note,) = report.notes
    assert "1 of 2 problems cannot be judged" in note and "wrong (" in note and "good" not in note
    assert note in caplog.text
    with pytest.raises(UserError, match=r"(?s)none of the 1 problems can be judged.*wrong"):
        PassAtK(CONFIG)(scripted(half), environment([wrong]))


def test_problems_whose_tests_raise_by_themselves_are_named_and_left_out(
    scripted: Any, problem: Any, environment: Any
) -> None:
    good = problem("good")
    wrong = replace(problem("wrong"), canonical_solution="", test="def check(c):\n    assert c(one) == 2\n")
    report = PassAtK(replace(CONFIG, temperatures=(0.2, 0.8)))(scripted(half), environment([good, wrong]))
    assert report.metrics["problems"] == 1 and 0 < report.metrics["pass_at_1"] < 1
    reason = "wrong (its tests use the name 'one', which nobody defines)"
    assert report.notes == [f"1 of 2 problems cannot be judged and are left out: {reason}."]
    assert {row[0] for row in report.tables["problems"].rows} == {"good"}


def test_modules_that_programs_lack_are_counted(scripted: Any, problem: Any, environment: Any) -> None:
    programs = [
        "    return x + 1\n",
        "    import flask.views\n",
        "    import numpy\n",
        "    import numpy.linalg\n",
    ]
    model = scripted(half, write=lambda request: programs[request.index % 4])
    report = PassAtK(CONFIG)(model, environment([problem("a")]))
    table = report.tables["missing modules"]
    assert table.rows == [("numpy", 4), ("flask", 2)]
    assert "judge.packages" in table.caption
    assert report.metrics["samples_missing_modules"] == 6
