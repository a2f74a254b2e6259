"""What a sweep shows of the runs that are running."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from framework.progress import FILE, Bar
from framework.runs import Run, RunState, StageState
from framework.sweep.axes import Axes
from framework.sweep.driver import Sweep

STAGE = "{environment: {use: tiny/points}, model: {use: tiny/line}, evaluators: [{use: tiny/error}]}"
RECIPE = f"stages: {{base: {STAGE}, fine: {STAGE}}}"


def make(name: str, stages: dict[str, StageState], now: dict[str, dict[str, object]]) -> Run:
    run = Run(Path("runs") / name, RunState(name, name, "x", "sqlite:///mlflow.db", "recipe.yaml", 0.0))
    run.state.stages = stages
    run.folder.mkdir(parents=True)
    run.save()
    for stage, kept in now.items():
        run.stage_folder(stage).mkdir(parents=True)
        (run.stage_folder(stage) / FILE).write_text(json.dumps(kept))
    return run


@pytest.mark.usefixtures("tiny_plugin")
def test_each_run_tells_its_stage_and_all_count_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    parent = make("parent", {}, {})
    (parent.folder / "resolved.yaml").write_text(RECIPE)
    training = {"label": "training", "done": 50, "total": 100, "left": 75.0}
    evaluation = {"label": "evaluation error", "done": 1, "total": 4, "left": None}
    runs = [
        make("a", {}, {"base": training}),
        make("b", {"base": StageState(finished=True)}, {"fine": evaluation}),
        make("c", {"base": StageState(finished=True)}, {"base": evaluation}),  # between two stages
        make("d", {}, {}),
    ]
    sweep, shown = Sweep(parent, Axes.parse(["seed=0,1"]), None, print, quiet=True), io.StringIO()
    sweep._bar = Bar("sweep", stream=shown, pause=0)
    sweep._running = [(run, None) for run in runs]  # type: ignore[misc]
    sweep._total, sweep._finished = 8, 1
    sweep._show()
    # One is finished; a half of one stage of two, both of two, one of two.
    assert 1 + 0.25 + 1 + 0.5 == 0.34375 * 8
    assert shown.getvalue().split("  ") == [
        "sweep",
        "34%",
        "1/8 runs",
        "a: base training 50%, 1:15 left",
        "b: fine evaluation error 25%",
        "c: base evaluation error 25%",
        "d: begins\n",
    ]
