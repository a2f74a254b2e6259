"""run, resume, evaluate and play, as they are typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.cli.play import parse_options
from framework.runs import find_run

from .conftest import Answer

Command = Callable[..., Answer]


def test_run_ends_with_a_table_and_how_to_open_it(workplace: Path, command: Command) -> None:
    answer = command("run", "recipe.yaml", "algorithm.steps=30")
    assert answer.code == 0
    run = find_run("last")
    lines = answer.out.splitlines()
    assert lines[0].split() == ["result", "value"]
    assert lines[1].split()[0] == "error/mse"
    assert lines[2] == f"reports: {run.folder / 'reports'}"
    assert lines[3] == f"open in MLflow: framework ui --uri {run.state.tracking_uri}"
    assert f"run {run.state.run_id[:8]} (recipe)  folder {run.folder}" in answer.err
    assert "30/30 steps" in answer.err
    assert "loss" in answer.err


def test_json_is_all_that_is_printed(workplace: Path, command: Command) -> None:
    answer = command("run", "recipe.yaml", "--json")
    assert answer.err == ""
    printed = json.loads(answer.out)
    run = find_run("last")
    assert printed["run_id"] == run.state.run_id
    assert printed["status"] == "FINISHED"
    assert printed["metrics"] == {"error/mse": run.state.stages[""].reports["error"]["mse"]}
    assert json.loads(command("resume", "last", "--json").out) == printed


def test_a_wrong_override_is_answered_before_anything_is_made(workplace: Path, command: Command) -> None:
    before = sorted(workplace.rglob("*"))
    answer = command("run", "recipe.yaml", "algorithm.step=3")
    assert answer.code == 2
    assert "did you mean 'steps'?" in answer.err
    assert sorted(workplace.rglob("*")) == before


def test_evaluate_prints_the_report(workplace: Path, command: Command) -> None:
    command("run", "recipe.yaml", "-q")
    answer = command("evaluate", "last", "evaluators.0.every=0")
    assert answer.code == 0
    assert answer.out.startswith("error\n\nmetric")
    metrics = json.loads(command("evaluate", "last", "--json").out)["error"]["metrics"]
    assert metrics == find_run("last").state.stages[""].reports["error"]


def test_what_an_algorithm_cannot_play(workplace: Path, command: Command) -> None:
    command("run", "recipe.yaml", "-q")
    answer = command("play", "last")
    assert answer.code == 2
    assert "algorithm tiny/descent has nothing to play" in answer.err


@pytest.mark.parametrize("name", ["resume", "evaluate", "play"])
def test_a_run_that_is_not_there(workplace: Path, command: Command, name: str) -> None:
    answer = command(name, "nothing")
    assert answer.code == 2
    assert "no run has been made in this directory" in answer.err


def test_options_of_play_are_read_as_recipes_read_values() -> None:
    options = (
        "--prompt",
        "a red: circle #1",
        "--scale",
        "3",
        "--lr=1e-3",
        "--on",
        "true",
        "--top-k",
        "[1, 2]",
    )
    assert parse_options(options) == {
        "prompt": "a red: circle #1",
        "scale": 3,
        "lr": 1e-3,
        "on": True,
        "top_k": [1, 2],
    }


@given(st.text())
def test_any_text_can_be_an_options_value(text: str) -> None:
    value = parse_options(("--prompt", text))["prompt"]
    assert value == text or isinstance(value, (bool, int, float, list))
