"""Sweeps end to end, with the tiny plugin; children are forked, which makes them fast."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest

from framework.errors import UserError
from framework.runs import Run, all_runs, find_run
from framework.runs.store import Store
from framework.sweep import Goal, find_sweep, resume, sweep
from tests.sweep.helpers import kill_when, runs_of, wait_until
from tests.zygote import Forked, ForkedChildren

pytestmark = pytest.mark.usefixtures("zygote", "workplace")
QUICK = "algorithm.steps=4"


def run_sweep(*settings: str, recipe: str = "recipe.yaml", jobs: int = 2, **options: Any) -> Any:
    executor = ForkedChildren(jobs)
    summary = sweep(recipe, [*settings, QUICK], executor=executor, **options)
    return summary, executor.started


def test_all_combinations_run_under_one_parent(tracking_uri: str, workplace: Path) -> None:
    said: list[str] = []
    summary, started = run_sweep("algorithm.lr=0.1,0.2", "seed=0,1", say=said.append)
    names = ["lr=0.1 seed=0", "lr=0.1 seed=1", "lr=0.2 seed=0", "lr=0.2 seed=1"]
    assert started == [row.name for row in summary.rows] == names
    assert summary.finished
    assert summary.exit_code == 0
    assert [row.choices["seed"] for row in summary.rows] == ["0", "1", "0", "1"]
    assert len({row.metrics["error/mse"] for row in summary.rows}) == 4
    assert len(said) == 1 + 2 * 4

    client = Store(tracking_uri).client
    parent = client.get_run(summary.run_id)
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["mlflow.note.content"].startswith("**4 of 4 runs finished**\n\n| combination |")
    assert {artifact.path for artifact in client.list_artifacts(summary.run_id, "sweep")} == {
        "sweep/index.html",
        "sweep/report.json",
    }
    for row in summary.rows:
        run = client.get_run(row.run_id)
        assert run.info.run_name == row.name
        assert run.info.status == "FINISHED"
        assert run.info.experiment_id == parent.info.experiment_id
        assert run.data.tags["mlflow.parentRunId"] == summary.run_id
        assert run.data.params["algorithm.steps"] == "4"
        assert run.data.params["algorithm.lr"] == row.choices["algorithm.lr"]
        assert run.data.metrics["error/mse"] == row.metrics["error/mse"]
        folder = workplace / "runs" / row.run_id
        assert (folder / "recipe.yaml").read_text() == Path("recipe.yaml").read_text()


def test_a_child_is_the_run_that_framework_run_makes() -> None:
    summary, _ = run_sweep("algorithm.lr=0.2,0.1", "seed=3")
    with Forked("tests.zygote:run_command", [["run", "recipe.yaml", "algorithm.lr=0.2", "seed=3", QUICK]],
                Path("run.log")) as alone:  # fmt: skip
        assert alone.wait() == 0, alone.output.read_text()
    state = next(run for run in all_runs() if run.state.name.startswith("recipe-lr=0.2-")).state
    assert summary.rows[0].metrics == {"error/mse": state.stages[""].reports["error"]["mse"]}


def test_the_record_is_the_runs_themselves() -> None:
    summary, _ = run_sweep("seed=0,1", "algorithm.fail_at=2", name="doomed")
    for number, row in enumerate(summary.rows):
        state = find_run(row.run_id).state
        assert (state.run_id, state.parent, state.choices) == (
            row.run_id,
            summary.run_id,
            {"seed": str(number)},
        )
        assert (state.status, state.error) == ("FAILED", "RuntimeError: told to fail at step 2")


def test_a_run_that_is_removed_is_made_again() -> None:
    first, _ = run_sweep("seed=0,1")
    shutil.rmtree(Path("runs") / first.rows[0].run_id)
    again, started = run_sweep("seed=0,1")
    assert started == ["seed=0"]
    assert sorted(row.metrics["error/mse"] for row in again.rows) == sorted(
        row.metrics["error/mse"] for row in first.rows
    )


def test_what_the_store_missed_is_sent_by_the_next_sweep(tracking_uri: str) -> None:
    first, _ = run_sweep("seed=0,1")
    folder = Path("runs") / first.rows[0].run_id
    run = Run.open(folder)
    run.release("FINISHED", "the tracking store does not have everything")
    (folder / "note.txt").write_text("a")
    (folder / "outbox.json").write_text(json.dumps([["artifacts", str(folder / "note.txt"), ""]]))
    again, started = run_sweep("seed=0,1")
    assert started == ["seed=0"]
    assert again.finished
    artifacts = Store(tracking_uri).client.list_artifacts(run.state.run_id)
    assert "note.txt" in [item.path for item in artifacts]


def test_the_same_command_again_runs_nothing() -> None:
    first, _ = run_sweep("seed=0,1")
    again, started = run_sweep("seed=0,1")
    assert started == []
    assert again.rows == first.rows
    assert again.run_id == first.run_id


def test_a_failing_child_is_listed_and_the_others_run(workplace: Path) -> None:
    broken = workplace / "broken"
    broken.touch()
    settings = ("algorithm.fail_at=0,3", "seed=0,1", f"algorithm.fail_while={broken}")
    said: list[str] = []
    summary, _ = run_sweep(*settings, say=said.append)
    assert [row.status for row in summary.rows] == ["finished", "finished", "failed", "failed"]
    assert summary.exit_code == 1
    failed = summary.failed[0]
    assert failed.error == "RuntimeError: told to fail at step 3"
    assert 'raise RuntimeError(f"told to fail' in Path(failed.log).read_text()
    assert any("fail_at=3 seed=0 failed: RuntimeError: told to fail at step 3" in line for line in said)
    page = json.loads((summary.folder / "sweep" / "report.json").read_text())
    assert any(failed.error in note and failed.log in note for note in page["notes"])
    assert Run.open(summary.folder).state.status == "FAILED"

    # Once mended, the failed ones alone go on, in the runs they have.
    broken.unlink()
    mended, started = run_sweep(*settings)
    assert started == ["fail_at=3 seed=0", "fail_at=3 seed=1"]
    assert mended.finished
    assert mended.exit_code == 0
    assert [row.run_id for row in mended.rows] == [row.run_id for row in summary.rows]
    assert [row.error for row in mended.rows] == [""] * 4
    assert Run.open(summary.folder).state.status == "FINISHED"


def test_what_the_user_can_mend_exits_with_2() -> None:
    summary, _ = run_sweep("algorithm.lr=0.1,1e30", "seed=0", "algorithm.batch=[100]")
    assert [row.status for row in summary.rows] == ["finished", "failed"]
    assert summary.failed[0].user_error
    assert "loss became" in summary.failed[0].error
    assert summary.exit_code == 2


def test_a_child_that_dies_is_told_by_its_signal(tracking_uri: str) -> None:
    summary, _ = run_sweep("algorithm.die_at=0,3", "seed=0")
    assert [row.status for row in summary.rows] == ["finished", "failed"]
    dead = summary.failed[0]
    assert dead.error == "killed by SIGKILL (out of memory?)"
    assert summary.exit_code == 1
    assert Store(tracking_uri).client.get_run(dead.run_id).info.status == "KILLED"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["algorithm.lr=0.1,-1", "seed=0,1"], ["'lr=-1 seed=0' and 1 more", "override 'algorithm.lr=-1'"]),
        (["algorithm.k=1,2"], ["the combination 'k=1' and 1 more", "unknown parameter 'k'"]),
        (["environment.use=tiny/points,tiny/x"], ["'environment=tiny/x'", "unknown environment 'tiny/x'"]),
        (["model.bias=true,maybe"], ["'bias=maybe'", "override 'model.bias=maybe', column 12"]),
        (["seed=0"], ["no key has several values"]),
        ([], ["no key has several values"]),
        (["seed=0,1", "tracking.log_model=7"], ["tracking"]),
    ],
)  # fmt: skip
def test_wrong_combinations_are_refused_before_anything_starts(settings: list[str], said: list[str]) -> None:
    with pytest.raises(UserError) as error:
        run_sweep(*settings)
    for part in said:
        assert part in str(error.value)
    assert not Path("runs").exists()


def test_a_name_stands_for_one_set_of_values_and_one_recipe() -> None:
    run_sweep("seed=0,1", name="mine")
    with pytest.raises(UserError, match="other values or another recipe"):
        run_sweep("seed=0,1,2", name="mine")
    recipe = Path("recipe.yaml")
    recipe.write_text(recipe.read_text().replace("steps: 20", "lr: 0.3"))
    with pytest.raises(UserError, match="framework sweep --resume mine"):
        run_sweep("seed=0,1", name="mine")
    executor = ForkedChildren()
    assert resume("mine", executor=executor).finished
    assert executor.started == []
    for wrong in ("../up", "", "a b"):
        with pytest.raises(UserError, match="cannot name a sweep"):
            run_sweep("seed=0,1", name=wrong or "/")


def test_a_sweep_goes_on_with_the_recipe_as_it_was(workplace: Path) -> None:
    hold = workplace / "hold"
    hold.touch()
    settings = ["algorithm.lr=0.1,0.2", "algorithm.pause_at=2", f"algorithm.hold={hold}", QUICK]
    kill_when(settings, lambda: runs_of() and runs_of()[0].alive)
    hold.unlink()
    recipe = Path("recipe.yaml")
    recipe.write_text("nothing: of use\n")
    (name,) = (run.state.name for run in all_runs() if run.is_sweep)
    summary = resume(name, executor=ForkedChildren())
    assert summary.finished
    assert [row.choices for row in summary.rows] == [{"algorithm.lr": "0.1"}, {"algorithm.lr": "0.2"}]


def test_sweeps_are_found_by_name_and_id() -> None:
    summary, _ = run_sweep("seed=0,1", name="mine")
    for text in ("mine", summary.run_id, summary.run_id[:6], str(summary.folder)):
        assert find_sweep(text).state.run_id == summary.run_id
    with pytest.raises(UserError, match="did you mean 'mine'"):
        find_sweep("mnie")
    with pytest.raises(UserError, match="sweeps here: mine"):
        find_sweep(summary.rows[0].run_id)


def test_the_same_sweep_twice_at_once_is_refused(workplace: Path) -> None:
    hold = workplace / "hold"
    hold.touch()
    settings = ["seed=0,1", "algorithm.pause_at=2", f"algorithm.hold={hold}", QUICK]
    with Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, 2], Path("first.log")) as first:
        wait_until(lambda: [run.alive for run in runs_of()] == [True, True])
        with pytest.raises(UserError, match="is being run by another process"):
            run_sweep(*settings[:-1])
        hold.unlink()
        assert first.wait() == 0, first.output.read_text()
    _, started = run_sweep(*settings[:-1])
    assert started == []


def test_two_sweeps_at_once_on_one_store() -> None:
    commands = [["seed=0,1,2", QUICK], ["algorithm.lr=0.1,0.2,0.3", QUICK]]
    both = [
        Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, 2], Path(f"{index}.log"))
        for index, settings in enumerate(commands)
    ]
    for one in both:
        assert one.wait(120) == 0, one.output.read_text()
    for settings in commands:
        executor = ForkedChildren()
        assert sweep("recipe.yaml", settings, executor=executor).finished
        assert executor.started == []


def test_a_search_stays_in_its_ranges_and_finds_the_best() -> None:
    goal = Goal(5, "error", "minimize")  # its evaluator's first metric
    settings = ("algorithm.lr=1e-3..1e-1", "algorithm.steps=2..6", "model.bias=true,false")
    executor = ForkedChildren(2)
    summary = sweep("recipe.yaml", settings, goal=goal, executor=executor)
    assert len(summary.rows) == len(executor.started) == 5
    assert summary.finished
    for row in summary.rows:
        assert 1e-3 <= float(row.choices["algorithm.lr"]) <= 1e-1
        assert int(row.choices["algorithm.steps"]) in range(2, 7)
        assert row.choices["model.bias"] in ("true", "false")
    best = min(summary.rows, key=lambda row: row.metrics["error/mse"])
    assert summary.best == best.name

    more = ForkedChildren()
    again = sweep("recipe.yaml", settings, goal=Goal(6, "error", "minimize"), executor=more)
    assert len(more.started) == 1
    assert again.run_id == summary.run_id
    assert [row.run_id for row in again.rows[:5]] == [row.run_id for row in summary.rows]
    with pytest.raises(UserError, match="changed since this search began"):
        Path("recipe.yaml").write_text(Path("recipe.yaml").read_text().replace("seed: 0", "seed: 1"))
        resume(summary.name)


@pytest.mark.parametrize(
    ("settings", "metric", "said"),
    [
        (["algorithm.lr=1e-3..1e-1", QUICK], "error/mes", "did you mean 'error/mse'"),
        (["algorithm.lr=1e-3..1e-1", "seed=0,1"], "error/mse", "luckiest seed"),
        (["algorithm.lr=-1..1e-1"], "error/mse", "the combination 'lr=-1.0' cannot be run"),
        (["algorithm.lr=1e-3..1e-1", "evaluators=[]"], "error/mse", "has no evaluators"),
    ],
)
def test_wrong_searches_are_refused(settings: list[str], metric: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        sweep("recipe.yaml", settings, goal=Goal(3, metric), executor=ForkedChildren())


def test_a_search_takes_nan_for_the_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, float] = {}

    def metrics(run: Run) -> dict[str, float]:
        return {"error/mse": seen.setdefault(run.state.run_id, math.nan if seen else 1.0)}

    monkeypatch.setattr(Run, "metrics", property(metrics))
    goal = Goal(2, "error/mse", "maximize")
    summary = sweep("recipe.yaml", ["algorithm.lr=1e-3..1e-1", QUICK], goal=goal, executor=ForkedChildren())
    assert summary.finished
    assert summary.best == summary.rows[0].name
    assert (
        json.loads(json.dumps(summary.to_dict(), allow_nan=False))["runs"][1]["metrics"]["error/mse"] == "nan"
    )
