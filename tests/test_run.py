"""Whole runs of a tiny recipe, and everything that can come in between."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import framework
from framework.errors import UserError
from framework.experiment import Result, checkpoint_of, mark_dead_runs
from framework.runs import Run, find_run
from framework.runs.checkpoints import checkpoints, load_checkpoint
from framework.runs.journal import read_journal
from framework.runs.store import Store
from framework.testing.equality import assert_same
from framework.testing.fixtures import RunRecipe
from tests.zygote import Forked

pytestmark = pytest.mark.usefixtures("zygote")


def run(*overrides: str) -> Result:
    return framework.run("recipe.yaml", overrides, quiet=True)


def command(*arguments: str, output: str = "output") -> Forked:
    """`framework ...` in a process of its own, which prints to the file `output`."""
    return Forked("tests.zygote:run_command", [arguments], Path(output))


def held_at(step: int, *overrides: str) -> tuple[Forked, Callable[[], None]]:
    """A run that waits at this step, and what lets it go on."""
    hold = Path("hold").absolute()
    hold.touch()
    process = command(
        "run", "recipe.yaml", f"algorithm.pause_at={step}", f"algorithm.hold={hold}", *overrides
    )
    return process, hold.unlink


def wait_for_step(step: int, process: Forked) -> Run:
    """The run of `process`, once its journal has this step."""
    for _ in range(1200):
        with contextlib.suppress(UserError, OSError):
            found = find_run("last")
            if any(record.step >= step for record in read_journal(found.folder / "metrics.jsonl")):
                return found
        assert process.poll() is None, process.output.read_text()
        time.sleep(0.05)
    pytest.fail("the run makes no progress")


def same_end(one: Run, other: Run) -> None:
    """Weights, optimisers, metrics and reports are equal bit for bit."""
    ours, theirs = load_checkpoint(checkpoint_of(one, "")), load_checkpoint(checkpoint_of(other, ""))
    for part in ("state_dict", "optimizer_states", "global_step", "done"):
        assert_same(ours[part], theirs[part])
    assert one.state.stages[""].reports == other.state.stages[""].reports
    assert series(one) == series(other)


def series(found: Run) -> dict[str, list[tuple[int, float]]]:
    return series_of(found.folder)


def status(uri: str, run_id: str) -> str:
    return str(Store(uri).client.get_run(run_id).info.status)


def test_everything_is_in_mlflow(workplace: Path, tracking_uri: str) -> None:
    result = run("algorithm.steps=25", "tracking.log_model=true", "tracking.tags={team: a}")
    state = result.run.state
    assert result.unsent == ""
    assert state.status == "FINISHED"
    client = Store(tracking_uri).client
    logged = client.get_run(state.run_id)
    assert logged.info.status == "FINISHED"
    assert logged.data.params["algorithm.steps"] == "25"
    assert logged.data.params["model.bias"] == "True"  # a default: the recipe as resolved
    assert logged.data.tags["team"] == "a"
    assert "hardware.processor" in logged.data.tags
    losses = client.get_metric_history(state.run_id, "train/loss")
    assert [metric.step for metric in losses] == list(range(1, 26))
    looks = client.get_metric_history(state.run_id, "monitor/error/mse")
    assert [metric.step for metric in looks] == [5, 10, 15, 20, 25]
    assert logged.data.metrics["error/mse"] == result.metrics["error/mse"] < 0.1
    assert {item.path for item in client.list_artifacts(state.run_id)} == {
        *("recipe.yaml", "resolved.yaml", "provenance", "report.html", "reports")
    }
    paths = {item.path for item in client.list_artifacts(state.run_id, "reports/error")}
    assert {"reports/error/index.html", "reports/error/report.json"} <= paths
    description = logged.data.tags["mlflow.note.content"].splitlines()
    mse = f"{result.metrics['error/mse']:.4g}"
    assert description[0] == f"**error: mse {mse}**"
    assert f"| error/mse | {mse} |" in description
    overrides = "algorithm.steps=25 tracking.log_model=true 'tracking.tags={team: a}'"
    assert f"framework run recipe.yaml {overrides}" in description
    names = {Path(item.path).name for item in client.list_artifacts(state.run_id, "provenance")}
    assert {"pip-freeze.txt", "hardware.json"} <= names
    assert [output.model_id for output in logged.outputs.model_outputs]
    kept = client.download_artifacts(state.run_id, "recipe.yaml")
    assert Path(kept).read_text() == (workplace / "recipe.yaml").read_text()


def test_the_commit_and_what_differs_from_it_are_recorded(workplace: Path, tracking_uri: str) -> None:
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    (workplace / ".gitignore").write_text("*\n!recipe.yaml\n")
    for arguments in (["init", "-q"], ["add", "recipe.yaml"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], check=True)
    recipe = workplace / "recipe.yaml"
    recipe.write_text(recipe.read_text() + "# changed\n")
    state = run().run.state
    client = Store(tracking_uri).client
    head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout
    assert client.get_run(state.run_id).data.tags["mlflow.source.git.commit"] == head.strip()
    diff = Path(client.download_artifacts(state.run_id, "provenance/uncommitted.diff")).read_text()
    assert "+# changed" in diff


def test_the_same_seed_gives_the_same_run_and_another_does_not(workplace: Path) -> None:
    first, second, other = run(), run(), run("seed=1")
    same_end(first.run, second.run)
    assert series(first.run)["train/loss"] != series(other.run)["train/loss"]


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGUSR1, 138)]
)
def test_a_signal_checkpoints_and_marks_the_run_killed(
    workplace: Path, tracking_uri: str, signum: int, code: int
) -> None:
    process, release = held_at(12)
    stopped = wait_for_step(11, process)
    process.kill(signum)
    time.sleep(0.2)
    release()
    said = process.said(code)
    assert f"framework resume {stopped.state.run_id[:8]}" in said
    assert "Traceback" not in said
    assert find_run("last").state.status == "KILLED" == status(tracking_uri, stopped.state.run_id)
    done = load_checkpoint(checkpoints(stopped.folder / "checkpoints")[0])["done"]
    assert done == max(step for step, _ in series(stopped)["train/loss"]) < 20

    resumed = framework.resume("last", quiet=True)
    assert status(tracking_uri, stopped.state.run_id) == "FINISHED"
    same_end(resumed.run, run().run)


def test_a_loss_that_is_not_a_number_stops_the_run(workplace: Path, tracking_uri: str) -> None:
    said = command("run", "recipe.yaml", "algorithm.lr=1e30", "trainer.checkpoint_every=1").said(2)
    assert "train/loss became" in said
    assert "lower learning rate" in said
    assert "Traceback" not in said
    failed = find_run("last")
    assert failed.state.status == "FAILED" == status(tracking_uri, failed.state.run_id)
    last = load_checkpoint(checkpoints(failed.folder / "checkpoints")[0])
    assert all(weight.isfinite().all() for weight in last["state_dict"].values())


def test_a_failing_algorithm_is_marked_failed_and_can_be_resumed(workplace: Path, tracking_uri: str) -> None:
    flag = workplace / "fail"
    flag.touch()
    with pytest.raises(RuntimeError, match="told to fail"):
        run("algorithm.fail_at=12", f"algorithm.fail_while={flag}", "trainer.checkpoint_every=4")
    failed = find_run("last")
    assert failed.state.status == "FAILED" == status(tracking_uri, failed.state.run_id)
    flag.unlink()
    same_end(framework.resume("last", quiet=True).run, run().run)


def test_a_full_disk_costs_nothing_that_is_finished(workplace: Path) -> None:
    (workplace / "runs").mkdir()
    with small_disk(workplace / "runs", "600k"):
        process, release = held_at(12, "trainer.checkpoint_every=5")
        stopped = wait_for_step(11, process)
        filler = workplace / "runs" / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        release()
        said = process.said(2)
        assert "no space left" in said
        assert f"framework resume {stopped.state.run_id[:8]}" in said
        assert "Traceback" not in said
        filler.unlink()
        resumed = framework.resume(stopped.state.run_id, quiet=True).run
        expected = framework.run("recipe.yaml", root=workplace / "elsewhere", quiet=True).run
        same_end(resumed, expected)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs privileges")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_two_runs_at_once_on_one_new_store(workplace: Path) -> None:
    (workplace / "mlflow.db").unlink()
    for process in [command("run", "recipe.yaml", f"seed={seed}", output=f"{seed}") for seed in (1, 2)]:
        process.said(0)
    client = Store("sqlite:///mlflow.db").client
    ids = {find_run(str(folder)).state.run_id for folder in Path("runs").iterdir()}
    assert len(ids) == 2
    for run_id in ids:
        assert client.get_run(run_id).info.status == "FINISHED"
        assert len(client.get_metric_history(run_id, "train/loss")) == 20


def test_a_store_that_cannot_be_reached_leaves_nothing_behind(workplace: Path) -> None:
    before = sorted(workplace.rglob("*"))
    with pytest.raises(UserError, match="cannot be used"):
        run("tracking.uri=http://127.0.0.1:9")
    assert [path for path in sorted(workplace.rglob("*")) if "runs" in str(path)] == []
    assert sorted(workplace.rglob("*")) == before


def test_a_model_that_the_store_missed_is_sent_later(
    workplace: Path, tracking_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow.pytorch
    from mlflow.exceptions import MlflowException

    def silent(*_: object, **__: object) -> None:
        raise MlflowException("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(mlflow.pytorch, "log_model", silent)
        result = run("tracking.log_model=true", "algorithm.steps=2")
    assert "connection refused" in result.unsent
    assert result.run.state.status == "FINISHED"
    assert "connection refused" in result.run.state.error
    sent = framework.resume("last", quiet=True)
    assert (sent.unsent, sent.run.state.error) == ("", "")
    assert sent.metrics == result.metrics
    assert mlflow.pyfunc.load_model(f"runs:/{sent.run.state.run_id}/model") is not None


def test_a_run_that_was_killed_is_marked_when_somebody_looks(workplace: Path, tracking_uri: str) -> None:
    command("run", "recipe.yaml", "algorithm.die_at=7").said(-signal.SIGKILL)
    dead = find_run("last")
    assert status(tracking_uri, dead.state.run_id) == "RUNNING"
    assert [found.state.run_id for found in mark_dead_runs()] == [dead.state.run_id]
    assert status(tracking_uri, dead.state.run_id) == "KILLED"
    assert mark_dead_runs() == []


def test_a_live_run_is_not_resumed_twice(workplace: Path) -> None:
    with command("run", "recipe.yaml", "algorithm.pause=0.1", "algorithm.steps=1000") as process:
        wait_for_step(2, process)
        with pytest.raises(UserError, match=f"still running, as process {process.pid}"):
            framework.resume("last", quiet=True)


def test_evaluate_again_leaves_the_run_as_it_is(workplace: Path, tracking_uri: str) -> None:
    result = run()
    before = result.run.state.stages[""].reports
    report = framework.evaluate("last")["error"]
    assert report.metrics["mse"] == before["error"]["mse"]
    assert find_run("last").state.stages[""].reports == before
    client = Store(tracking_uri).client
    (nested,) = client.search_runs(
        [client.get_run(result.run.state.run_id).info.experiment_id],
        f"tags.`mlflow.parentRunId` = '{result.run.state.run_id}'",
    )
    assert nested.data.metrics["error/mse"] == report.metrics["mse"]
    assert nested.info.status == "FINISHED"


def test_an_evaluator_goes_on_where_it_was_interrupted(workplace: Path, tracking_uri: str) -> None:
    broken = workplace / "broken"
    broken.touch()
    slow = f"evaluators=[{{use: tiny/slow, fail_at: 3, fail_while: '{broken}'}}]"
    with pytest.raises(RuntimeError, match="told to fail"):
        run(slow)
    broken.unlink()
    finished = framework.resume("last", quiet=True).run
    assert finished.state.stages[""].reports["slow"]["found"] == 3
    assert framework.evaluate("last")["slow"].metrics["found"] == 5
    kept = finished.folder / "reports" / "slow" / "errors.txt"
    assert len(kept.read_text().split()) == 5
    client = Store(tracking_uri).client
    sent = client.list_artifacts(finished.state.run_id, "reports/slow")
    assert "reports/slow/errors.txt" in {artifact.path for artifact in sent}


def test_a_table_is_made_once_for_all_that_read_it(workplace: Path, framework_run: RunRecipe) -> None:
    rows = {"use": "tiny/rows"}
    environment = {"use": "tiny/table", "log": str(workplace / "log")}
    tracking = {"experiment": "tiny", "system_metrics": False, "log_model": False}
    recipe = {"environment": environment, "evaluators": [rows, rows], "tracking": tracking}
    assert framework_run(recipe).metrics == {"rows/rows": 3, "rows-2/rows": 3}
    assert (workplace / "log").read_text() == "made\n"


def test_an_untrained_run_cannot_be_evaluated(workplace: Path) -> None:
    with pytest.raises(RuntimeError):
        run("algorithm.fail_at=3")
    with pytest.raises(UserError, match=r"not trained to its end yet[\s\S]*framework resume"):
        framework.evaluate("last")


@pytest.mark.parametrize(
    ("text", "message"),
    [("nothing", "no run has been made"), ("recipe.yaml", "no run 'recipe.yaml'")],
)
def test_a_run_that_is_not_there(workplace: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        find_run(text)


def test_runs_are_found_by_id_start_name_folder_and_last(workplace: Path) -> None:
    first = run("tracking.run_name=first").run
    second = run("tracking.run_name=second").run
    for text in (second.state.run_id, second.state.run_id[:8], "second", str(second.folder), "last"):
        assert find_run(text).state.run_id == second.state.run_id
    assert find_run("first").state.run_id == first.state.run_id
    with pytest.raises(UserError, match="did you mean 'first'"):
        find_run("frist")


STAGES = """
environment: {use: tiny/points}
model: {use: tiny/line}
algorithm: {use: tiny/descent, steps: 10}
evaluators: [{use: tiny/error}]
trainer: {accelerator: cpu, checkpoint_every: 2}
tracking: {system_metrics: false, log_model: false}
stages:
  base: {algorithm: {steps: 30}}
  tuned: {model: {weights: "${checkpoint:base}"}}
"""


def test_stages_are_nested_runs_and_finished_ones_are_skipped(workplace: Path, tracking_uri: str) -> None:
    recipe = workplace / "recipe.yaml"
    recipe.write_text(STAGES)
    whole = run()
    assert set(whole.metrics) == {"base/error/mse", "tuned/error/mse"}
    base, tuned = (load_checkpoint(checkpoint_of(whole.run, name)) for name in ("base", "tuned"))
    first = series_of(whole.run.folder / "stages" / "tuned")["train/loss"][0][1]
    assert first < series_of(whole.run.folder / "stages" / "base")["train/loss"][0][1] / 5
    assert base["done"] == 30
    assert tuned["done"] == 10
    client = Store(tracking_uri).client
    for name, stage in whole.run.state.stages.items():
        nested = client.get_run(stage.run_id)
        assert nested.info.run_name == name
        assert nested.data.tags["mlflow.parentRunId"] == whole.run.state.run_id

    with pytest.raises(RuntimeError):
        run(
            "stages.tuned.algorithm.fail_at=7",
            f"stages.tuned.algorithm.fail_while={recipe}",
        )
    broken = find_run("last")
    assert broken.state.stages["base"].finished
    written = {path: path.stat().st_mtime_ns for path in (broken.folder / "stages" / "base").rglob("*")}
    recipe.unlink()
    resumed = framework.resume("last", quiet=True)
    assert resumed.metrics == whole.metrics
    assert {p: p.stat().st_mtime_ns for p in (broken.folder / "stages" / "base").rglob("*")} == written


@pytest.mark.parametrize("stage", [None, "base", "tuned"])
def test_a_stage_is_evaluated_again_as_asked(workplace: Path, stage: str | None) -> None:
    (workplace / "recipe.yaml").write_text(STAGES)
    before = run().run.state.stages[stage or "tuned"].reports["error"]["mse"]
    reports = framework.evaluate("last", ["evaluators=[{use: tiny/error}, {use: tiny/slow}]"], stage=stage)
    assert list(reports) == ["error", "slow"]
    assert reports["error"].metrics["mse"] == before


def test_a_checkpoint_by_name_stays_that_of_the_same_run(workplace: Path) -> None:
    base = run("algorithm.steps=2", "tracking.run_name=base").run
    user = run("algorithm.steps=1", "model.weights=${checkpoint:base}", "tracking.run_name=user").run
    assert Run.open(user.folder).state.used == {"${checkpoint:base}": base.state.run_id}
    run("algorithm.steps=1", "tracking.run_name=base")
    framework.evaluate("user")
    with pytest.raises(UserError, match="'base' fits 2 runs"):
        run("algorithm.steps=1", "model.weights=${checkpoint:base}")


def series_of(folder: Path) -> dict[str, list[tuple[int, float]]]:
    values: dict[str, list[tuple[int, float]]] = {}
    for record in read_journal(folder / "metrics.jsonl"):
        for name, value in record.metrics.items():
            if not name.startswith("time/"):  # which a clock decides
                values.setdefault(name, []).append((record.step, value))
    return values
