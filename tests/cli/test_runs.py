"""run, resume, evaluate and play, as they are typed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework import Param, Report
from framework.cli.play import parse_options
from framework.runs import KILLED, Run, find_run
from framework.runs.checkpoints import DiskFullError
from framework.trained import play

from .conftest import Answer

Command = Callable[..., Answer]


def test_run_ends_with_a_table_and_how_to_open_it(workplace: Path, command: Command) -> None:
    answer = command("run", "recipe.yaml", "algorithm.steps=30")
    assert answer.code == 0
    run = find_run("last")
    lines = answer.out.splitlines()
    assert lines[0].split() == ["result", "value"]
    assert lines[1].split()[0] == "error/mse"
    assert lines[2] == f"open in MLflow: framework ui {run.state.run_id[:8]}"
    assert lines[3] == f"report: {run.folder / 'report.html'}"
    assert f"run {run.state.run_id[:8]} (recipe-steps=30-seed=0)  folder {run.folder}" in answer.err
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
    page = Path(answer.out.splitlines()[-1].removeprefix("report: "))
    assert page.is_file() and page.parts[2] == "evaluations"
    report = json.loads(command("evaluate", "last", "--json").out)["error"]
    assert report["metrics"] == find_run("last").state.stages[""].reports["error"]
    assert report["tables"]["seen"]["rows"] == []  # what was seen while it trained is the run's
    assert report["folder"] != str(page.parent) and (Path(report["folder"]) / "index.html").is_file()


def test_what_an_algorithm_cannot_play(workplace: Path, command: Command) -> None:
    command("run", "recipe.yaml", "-q")
    answer = command("play", "last")
    assert answer.code == 2
    assert "algorithm tiny/descent has nothing to play" in answer.err


def test_a_full_disk_is_told_once(workplace: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise DiskFullError(Path("a.ckpt"))

    monkeypatch.setattr("framework.stage.StageRunner.fit", full)
    answer = command("run", "recipe.yaml", "-q")
    assert answer.code == 2
    assert answer.err.splitlines()[-3:] == [
        "error: no space left to write a.ckpt",
        "  what was finished before is whole: free some space",
        f"  then go on with: framework resume {find_run('last').state.run_id[:8]}",
    ]


def _unfinish(name: str, **state: str) -> Run:
    """A run as if it had been killed before it was marked as finished."""
    run = find_run(name)
    for key, value in {"status": KILLED, **state}.items():
        setattr(run.state, key, value)
    run.save()
    return run


@pytest.mark.parametrize("damage", ["gone", "damaged"])
def test_a_database_that_is_gone_or_damaged_is_named(workplace: Path, command: Command, damage: str) -> None:
    command("run", "recipe.yaml", "-q", "algorithm.steps=2")
    Path("mlflow.db").unlink()
    if damage == "damaged":
        Path("mlflow.db").write_bytes(b"nothing that SQLite has written" * 100)
    _unfinish("last")
    for arguments in (["resume", "last"], ["evaluate", "last"]):
        answer = command(*arguments)
        assert answer.code == 2
        assert answer.err.startswith(f"error: the tracking database {workplace}/mlflow.db is {damage}")
        assert len(answer.err.splitlines()) == 2
    assert "has nothing to play" in command("play", "last").err  # which needs no database
    assert Path("mlflow.db").exists() == (damage == "damaged")


def test_a_database_that_is_another_is_named(
    workplace: Path, command: Command, tracking_template: Path
) -> None:
    command("run", "recipe.yaml", "-q", "algorithm.steps=2")
    # Of another name: MLflow keeps its connections.
    shutil.copyfile(tracking_template, "other.db")
    run = _unfinish("last", tracking_uri=f"sqlite:///{workplace}/other.db")
    answer = command("resume", "last")
    assert answer.code == 2
    assert f"other.db does not know run {run.state.run_id}" in answer.err


@pytest.mark.parametrize("name", ["resume", "evaluate", "play"])
def test_a_run_that_is_not_there(workplace: Path, command: Command, name: str) -> None:
    answer = command(name, "nothing")
    assert answer.code == 2
    assert "no run has been made in this directory" in answer.err


@given(st.text())
def test_any_text_can_be_an_options_value(text: str) -> None:
    assert parse_options(("--prompt", text, f"--top-k={text}")) == {"prompt": text, "top_k": text}


@pytest.fixture
def played(workplace: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What `framework play last` gave to an algorithm that has options of several types."""
    given: dict[str, Any] = {}

    def show(
        self: Any,
        environment: NotImported,  # type: ignore[name-defined]  # noqa: F821
        prompt: str = "",
        *,
        n: Annotated[int, Param("samples", ge=1)] = 1,
        scale: float = 1.0,
        steps: int | str = "27",
        start: str | None = None,
        image: Path | None = None,
        mode: Literal["0.5", "fast"] = "fast",
        sizes: list[int] | None = None,
        on: bool = False,
        free=None,  # type: ignore[no-untyped-def]
    ) -> Report:
        given.update(locals())
        return Report({})

    command("run", "recipe.yaml", "-q")
    monkeypatch.setattr("framework_tiny.parts.Descent.play", show, raising=False)
    return given


def test_a_prompt_is_text_as_typed(played: dict[str, Any]) -> None:
    texts = ["007", "1e5", "true", "null", "[a]", "[a", "{a: b}", "'a'", '"', "a #1", "#", "", " a ", "${x}"]
    for text in texts:
        play(find_run("last"), parse_options(("--prompt", text, f"--start={text}")))
        assert played["prompt"] == text
        assert played["start"] == (None if text in ("null", "") else text)


def test_an_option_is_read_as_its_type(command: Command, played: dict[str, Any]) -> None:
    options = "--n 3 --scale=3 --steps 27 --image 007 --mode 0.5 --sizes [1,2] --on true --free 1e-3"
    assert command("play", "last", *options.split(" ")).code == 0
    expected = {
        "n": 3,
        "scale": 3.0,
        "steps": 27,
        "image": Path("007"),
        "mode": "0.5",
        "sizes": [1, 2],
        "on": True,
        "free": 1e-3,
    }
    assert {name: (played[name], type(played[name])) for name in expected} == {
        name: (value, type(value)) for name, value in expected.items()
    }
    assert command("play", "last", "--steps", "fast27", "--free", "a: b").code == 0
    assert (played["steps"], played["free"]) == ("fast27", "a: b")


def test_options_of_another_type_are_refused(command: Command, played: dict[str, Any]) -> None:
    answer = command("play", "last", "--n", "0", "--scale=x")
    assert answer.code == 2
    assert "option --n: parameter 'n' of play of algorithm tiny/descent cannot be 0\n" in answer.err
    assert "expected a whole number >= 1" in answer.err
    assert "option --scale: parameter 'scale' of play of algorithm tiny/descent cannot be 'x'" in answer.err
    assert not played
