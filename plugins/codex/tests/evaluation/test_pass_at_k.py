from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framework.errors import UserError
from framework.testing import assert_same
from framework_codex.evaluation.config import PassAtKConfig
from framework_codex.evaluation.pass_at_k import PassAtK


def by_temperature(task: str, temperature: float) -> float:
    """Low temperatures repeat themselves: all samples of a task pass, or none."""
    return float(int(task) % 2) if temperature < 0.5 else 0.3


@pytest.fixture
def twenty(problem: Any, environment: Any) -> Any:
    return environment([problem(str(i)) for i in range(20)])


def test_the_best_temperature_grows_with_k(scripted: Any, twenty: Any, fake_judge: Any) -> None:
    config = PassAtKConfig(n=20, k=(1, 10), temperatures=(0.8, 0.2))
    report = PassAtK(config)(scripted(by_temperature), twenty)
    metrics = report.metrics
    assert metrics["best_temperature_1"] == 0.2
    assert metrics["best_temperature_10"] == 0.8
    assert metrics["pass_at_1"] == metrics["t0.2/pass_at_1"] == metrics["t0.2/pass_at_10"] == 0.5
    assert metrics["pass_at_10"] == metrics["t0.8/pass_at_10"] == pytest.approx(1 - 0.7**10, abs=0.02)
    assert metrics["pass_at_1_low"] < 0.5 < metrics["pass_at_1_high"]
    assert metrics["problems"] == 20
    assert len(report.figures["pass@k"].axes) == 2


def test_tables_tell_every_problem_and_outcome(scripted: Any, twenty: Any, fake_judge: Any) -> None:
    config = PassAtKConfig(n=20, k=(1, 10), temperatures=(0.2, 0.8))
    tables = PassAtK(config)(scripted(by_temperature), twenty).tables
    assert tables["pass@k"].columns == ["temperature", "k", "pass@k", "95% from", "95% to"]
    assert [row[:2] for row in tables["pass@k"].rows] == [[0.2, 1], [0.2, 10], [0.8, 1], [0.8, 10]]
    problems = tables["problems"]
    assert problems.columns == ["problem", "temperature", "n", "passed", "pass@1", "pass@10", "otherwise"]
    assert len(problems.rows) == 40
    assert problems.rows[0] == ["0", 0.2, 20, 0, 0, 0, "failed 20"]
    assert problems.rows[1] == ["1", 0.2, 20, 20, 1, 1, ""]
    outcomes = dict(zip(tables["outcomes"].columns, tables["outcomes"].rows[0], strict=True))
    assert (outcomes["samples"], outcomes["passed"], outcomes["failed"]) == (400, 200, 200)


def test_the_report_is_kept_with_every_result(
    scripted: Any, twenty: Any, fake_judge: Any, tmp_path: Path
) -> None:
    evaluator = PassAtK(PassAtKConfig(n=4, k=(1, 4), temperatures=(0.2, 0.8)))
    evaluator.folder = tmp_path / "work"
    model = scripted(by_temperature)
    report = evaluator(model, twenty)
    report.save(tmp_path / "report")
    (results, _) = sorted((tmp_path / "report").glob("results-t0.?-*.jsonl"))
    rows = [json.loads(line) for line in results.read_text().splitlines()]
    assert len(rows) == 80
    assert sum(row["passed"] for row in rows) / 80 == report.metrics["t0.2/pass_at_1"]
    assert rows[5] == {
        "task_id": "1",
        "index": 1,
        "completion": "    return x + 1\n",
        "passed": True,
        "result": "passed",
        "detail": "",
        "tokens": 5,
        "logprob": rows[5]["logprob"],
        "finish": "stop",
    }
    assert set(fake_judge.folders) == {tmp_path / "work"}
    drawn = len(model.drawn)
    assert_same(evaluator(model, twenty).to_dict(), json.loads((tmp_path / "report/report.json").read_text()))
    assert len(model.drawn) == drawn


def test_an_algorithms_model_is_asked(scripted: Any, twenty: Any, fake_judge: Any) -> None:
    class Algorithm:
        model = scripted(by_temperature)

    report = PassAtK(PassAtKConfig(n=2, k=(1,), temperatures=(0.2,)))(Algorithm(), twenty)
    assert report.metrics["pass_at_1"] == 0.5
    assert "t0.2/pass_at_1" not in report.metrics
    assert len(report.figures["pass@k"].axes) == 1


def test_a_limit_takes_problems_from_all_over_the_set(scripted: Any, twenty: Any, fake_judge: Any) -> None:
    model = scripted(by_temperature)
    PassAtK(PassAtKConfig(n=1, k=(1,), temperatures=(0.2,), limit=3))(model, twenty)
    assert {task for task, _ in model.drawn} == {"0", "10", "19"}


def test_recorded_samples_have_no_temperature(recorded: Any, twenty: Any, fake_judge: Any) -> None:
    model = recorded({str(i): 7 + i for i in range(20)})
    report = PassAtK(PassAtKConfig(k=(1, 5, 100)))(model, twenty)
    assert len(model.drawn) == sum(7 + i for i in range(20))
    assert [row[:2] for row in report.tables["pass@k"].rows] == [[None, 1], [None, 5]]
    assert set(report.metrics) == {
        *(f"pass_at_{k}{end}" for k in (1, 5) for end in ("", "_low", "_high")),
        "problems",
        "tokens",
    }
    assert report.notes == ["Some problem has only 7 samples: k = 100 is left out."]


def test_what_recorded_samples_do_not_tell_is_left_empty(
    recorded: Any, twenty: Any, fake_judge: Any, tmp_path: Path
) -> None:
    model = recorded({str(i): 2 for i in range(20)})
    model.length = 0
    evaluator = PassAtK(PassAtKConfig(k=(1,)))
    evaluator.folder = tmp_path
    report = evaluator(model, twenty)
    assert "tokens" not in report.metrics
    outcomes = dict(zip(report.tables["outcomes"].columns, report.tables["outcomes"].rows[0], strict=True))
    assert outcomes["temperature"] is outcomes["mean tokens"] is outcomes["share cut at max_tokens"] is None
    (name,) = report.files
    assert name.startswith("results-") and "-t0" not in name
    assert json.loads((tmp_path / name).read_text().splitlines()[0])["tokens"] is None
    assert "-0" not in report.to_text()


def test_problems_without_recorded_samples_are_left_out_aloud(
    recorded: Any, twenty: Any, fake_judge: Any
) -> None:
    model = recorded({str(i): 3 + i for i in range(4, 20, 2)})
    report = PassAtK(PassAtKConfig(k=(1,)))(model, twenty)
    assert report.metrics["problems"] == 8
    assert report.notes == ["12 of 20 problems have no recorded samples and are left out."]
    with pytest.raises(UserError, match=r"and there are 7\n  give k at most 7"):
        PassAtK(PassAtKConfig(k=(8,)))(model, twenty)
    with pytest.raises(UserError, match="of none of the selected problems"):
        PassAtK(PassAtKConfig(k=(1,)))(recorded({"x": 3}), twenty)


def test_wrong_requests_are_refused(
    scripted: Any, twenty: Any, environment: Any, problem: Any, fake_judge: Any
) -> None:
    model = scripted(by_temperature)
    with pytest.raises(UserError, match=r"pass@100 needs 100 samples of every problem, and there are 10"):
        PassAtK(PassAtKConfig(n=10, k=(1, 100)))(model, twenty)
    with pytest.raises(UserError, match="has no problems to solve, only train"):
        PassAtK(PassAtKConfig(n=1, k=(1,)))(model, {"train": []})
    with pytest.raises(UserError, match=r"no problem has one of the lengths \[2\]; there are \[0\]"):
        PassAtK(PassAtKConfig(n=1, k=(1,), lengths=(2,)))(model, twenty)
    with pytest.raises(UserError, match="cannot sample code"):
        PassAtK(PassAtKConfig(n=1, k=(1,)))(object(), twenty)
    assert model.drawn == []


def test_the_estimate_is_right_on_average(
    scripted: Any, problem: Any, environment: Any, fake_judge: Any
) -> None:
    rates = np.random.default_rng(0).random(200)
    problems = environment([problem(str(i)) for i in range(200)])
    model = scripted(lambda task, temperature: rates[int(task)])
    report = PassAtK(PassAtKConfig(n=20, k=(1, 5), temperatures=(0.8,)))(model, problems)
    for k in (1, 5):
        expected = (1 - (1 - rates) ** k).mean()
        assert report.metrics[f"pass_at_{k}"] == pytest.approx(expected, abs=0.02)
        assert report.metrics[f"pass_at_{k}_low"] < expected < report.metrics[f"pass_at_{k}_high"]


def test_what_fails_the_prompts_examples_is_not_submitted(
    scripted: Any, problem: Any, environment: Any, local_judge: Any
) -> None:
    shown = '    """The number after x: add_one(1) == 2, and add_one(0) == 1."""\n'
    one = replace(
        problem("one"), prompt=f"def add_one(x):\n{shown}", test="def check(f):\n    assert f(7) == 8\n"
    )
    blind = problem("blind")
    # Right; right for the example alone; wrong twice.
    programs = ["    return x + 1\n", "    return 2\n", "    return x\n", "    return 0\n"]
    model = scripted(lambda task, temperature: 0, write=lambda request: programs[request.index % 4])
    config = PassAtKConfig(n=8, k=(1, 2, 5), temperatures=(0.8,), filtered=True)
    metrics = PassAtK(config)(model, environment([one])).metrics
    assert metrics["pass_at_1"] == pytest.approx(0.25)
    assert metrics["filtered_pass_at_1"] == pytest.approx(0.5)
    # Of two right and two that pass the example alone, one of two; and fewer than five are left.
    assert metrics["filtered_pass_at_2"] == pytest.approx(1 - 1 / 6) and metrics["filtered_pass_at_5"] == 1
    report = PassAtK(config)(model, environment([one, blind]))
    assert report.metrics["filtered_pass_at_1"] == pytest.approx((0.5 + 0.25) / 2)
    assert "1 of 2 problems show no examples that their solution passes" in report.notes[-1]
    assert "blind" in report.notes[-1]
    assert report.tables["filtered pass@k"].rows[0][-1] == (4 + 8) / 16
