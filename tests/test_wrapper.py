"""A wrapped algorithm trains, resumes, is judged and plays as it does alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import framework
from framework.experiment import checkpoint_of
from framework.runs import Run
from framework.runs.checkpoints import load_checkpoint
from framework.runs.journal import read_journal
from framework.testing import check_algorithm
from framework.testing.equality import assert_same
from framework.trained import play

RECIPE = """\
environment: {use: tiny/points}
model: {use: tiny/line}
algorithm: {use: tiny/player, steps: 6}
evaluators: [{use: tiny/error, every: 3}]
trainer: {accelerator: cpu, checkpoint_every: 1}
tracking: {system_metrics: false, log_model: false}
"""
WRAPPED = RECIPE.replace(
    "{use: tiny/player, steps: 6}",
    "{use: tiny/counting, of: {use: tiny/counting, of: {use: tiny/player, steps: 6}}}",
)


def final(run: Run) -> dict[str, object]:
    return load_checkpoint(checkpoint_of(run, ""))


def logged(run: Run) -> set[str]:
    return {name for record in read_journal(run.folder / "metrics.jsonl") for name in record.metrics}


def test_wrapped_is_as_alone(workplace: Path) -> None:
    (workplace / "alone.yaml").write_text(RECIPE)
    (workplace / "wrapped.yaml").write_text(WRAPPED)
    alone = framework.run("alone.yaml", quiet=True)
    wrapped = framework.run("wrapped.yaml", quiet=True)
    assert wrapped.metrics == alone.metrics
    for part in ("state_dict", "optimizer_states", "global_step", "done"):
        assert_same(final(wrapped.run)[part], final(alone.run)[part])
    assert final(wrapped.run)["counted"] == 6
    assert logged(wrapped.run) == {*logged(alone.run), "train/counted"}
    assert {name: report.metrics for name, report in framework.evaluate("wrapped").items()} == {
        "error": {"mse": alone.metrics["error/mse"]}
    }
    assert play(wrapped.run).metrics == {"slope": 2}
    # Its weights start another, unwrapped.
    again = framework.run(
        "alone.yaml", ["model.weights=${checkpoint:wrapped}", "algorithm.steps=1"], quiet=True
    )
    assert again.metrics["error/mse"] < alone.metrics["error/mse"]


@pytest.mark.usefixtures("tiny_plugin")
def test_it_resumes_exactly() -> None:
    check_algorithm(
        {"use": "tiny/counting", "of": {"use": "tiny/descent", "steps": 9}},
        environment="tiny/points",
        model="tiny/line",
    )
