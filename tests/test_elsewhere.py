"""Trained here, tested there: an evaluator with an environment of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import framework
from framework.errors import UserError
from framework.runs import find_run
from framework.runs.journal import read_journal
from framework.trained import play

RECIPE = """\
environment: {use: tiny/points, slope: 2}
model: {use: tiny/line}
algorithm: {use: tiny/player, steps: 4}
evaluators:
  - {use: tiny/slope, every: 2}
  - {use: tiny/slope, every: 2, environment: {use: tiny/points, slope: 3}}
trainer: {accelerator: cpu}
tracking: {system_metrics: false, log_model: false}
"""


def test_everywhere(workplace: Path, tracking_uri: str) -> None:
    (workplace / "recipe.yaml").write_text(RECIPE)
    result = framework.run("recipe.yaml", quiet=True)
    assert result.metrics == {"slope/slope": 2, "slope-2/slope": 3}
    found = find_run("last")
    looks: dict[str, float] = {}
    for record in read_journal(found.folder / "metrics.jsonl"):
        looks |= {name: value for name, value in record.metrics.items() if name.startswith("monitor/")}
    assert looks == {"monitor/slope/slope": 2, "monitor/slope-2/slope": 3}
    again = framework.evaluate("last", ["evaluators.1.environment.slope=4"])
    assert {name: report.metrics["slope"] for name, report in again.items()} == {"slope": 2, "slope-2": 4}
    assert play(found).metrics == {"slope": 2}
    assert play(found, evaluator="slope-2").metrics == {"slope": 3}
    with pytest.raises(UserError, match=r"has no evaluator 'slop': slope, slope-2"):
        play(found, evaluator="slop")
