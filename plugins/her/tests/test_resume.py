"""kill -9 at any moment, resume, and the end is the same bit for bit."""

from __future__ import annotations

import gc
import os
import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import framework
from framework.experiment import checkpoint_of
from framework.report import Report
from framework.runs import Run, find_run
from framework.runs.checkpoints import CheckedCheckpointIO, CheckpointWriter, load_checkpoint
from framework.runs.journal import read_journal
from framework.stage import StageRunner
from framework.testing.equality import assert_same
from framework_her.hindsight import Hindsight
from framework_her.success_rate import SuccessRate

RECIPE: dict[str, Any] = {
    "seed": 3,
    "environment": {"use": "her/fetch_reach", "num_envs": 4, "max_episode_steps": 12, "threads": 1},
    "model": {"use": "her/actor_critic", "hidden": [16, 16]},
    "algorithm": {
        "use": "her/hindsight",
        "budget": {"env_steps": 480},
        "steps_per_cycle": 10,  # so that episodes run when a cycle ends
        "updates_per_cycle": 5,
        "batch_size": 32,
    },
    "evaluators": [{"use": "her/success_rate", "episodes": 8, "every": 120, "monitor_episodes": 4}],
    "trainer": {"checkpoint_every": 2},
    "tracking": {"system_metrics": False, "log_model": False},
}

Moment = tuple[type, str, int, bool]

# What is being done when the process dies: the call of which function, and whether before
# or after it did its work.
MOMENTS: dict[str, Moment] = {
    "collecting": (Hindsight, "collect", 7, False),
    "learning": (Hindsight, "learn", 5, False),
    "a checkpoint about to be written": (CheckpointWriter, "write", 2, False),
    "a checkpoint written, its run not told": (CheckedCheckpointIO, "save_checkpoint", 3, True),
    "looking at the training": (SuccessRate, "monitor", 2, False),
    "the last checkpoint written": (CheckpointWriter, "on_train_end", 1, True),
    "evaluating": (SuccessRate, "__call__", 1, False),
    "the report half written": (Report, "_page", 1, False),
    "the state about to be written": (Run, "save", 5, False),
    "everything evaluated": (StageRunner, "evaluate", 1, True),
}


#: The others are for the slow tests.
QUICK = ("a checkpoint written, its run not told", "the state about to be written")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, tracking_template: Path) -> Run:
    """The run that nothing disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    return fresh(folder, tracking_template, lambda recipe: framework.run(recipe, root=folder, quiet=True).run)


def fresh(folder: Path, template: Path, go: Callable[[Path], Any]) -> Any:
    (folder / "mlflow.db").write_bytes(template.read_bytes())
    recipe = folder / "recipe.yaml"
    import yaml

    uri = f"sqlite:///{folder / 'mlflow.db'}"
    recipe.write_text(yaml.safe_dump({**RECIPE, "tracking": {**RECIPE["tracking"], "uri": uri}}))
    return go(recipe)


def run_killed_at(moment: Moment, recipe: Path) -> None:
    """Run the recipe in a process that dies at that moment."""
    killed_at(moment, lambda: framework.run(recipe, root=recipe.parent, quiet=True))


def killed_at(moment: Moment, go: Callable[[], Any]) -> None:
    """Do something in a process that kills itself, as kill -9 would, at that moment."""
    gc.collect()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # later Pythons warn of forking beside threads
        child = os.fork()
    if child == 0:
        gc.freeze()  # simulations of other tests, whose threads are not in this process
        owner, name, count, after = moment
        original = getattr(owner, name)
        calls = 0

        def dying(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if after and calls == count:
                original(*args, **kwargs)
            if calls == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        setattr(owner, name, dying)
        try:
            go()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize(
    "moment", [pytest.param(name, marks=[] if name in QUICK else pytest.mark.slow) for name in MOMENTS]
)
def test_resumed_equals_undisturbed(
    finished: Run, tmp_path: Path, tracking_template: Path, moment: str
) -> None:
    fresh(tmp_path, tracking_template, lambda recipe: run_killed_at(MOMENTS[moment], recipe))
    broken = find_run("last", tmp_path)
    assert broken.state.status == "RUNNING" and not broken.alive

    resumed = framework.resume("last", root=tmp_path, quiet=True).run
    assert resumed.state.status == "FINISHED"
    compare(resumed, finished)


def test_a_run_killed_again_and_again(finished: Run, tmp_path: Path, tracking_template: Path) -> None:
    fresh(tmp_path, tracking_template, lambda recipe: run_killed_at(MOMENTS["learning"], recipe))
    for _ in range(2):
        killed_at((Hindsight, "learn", 3, False), lambda: framework.resume("last", root=tmp_path, quiet=True))
    compare(framework.resume("last", root=tmp_path, quiet=True).run, finished)


def test_the_newest_checkpoint_is_damaged(finished: Run, tmp_path: Path, tracking_template: Path) -> None:
    fresh(tmp_path, tracking_template, lambda recipe: run_killed_at(MOMENTS["evaluating"], recipe))
    run = find_run("last", tmp_path)
    newest = max((run.folder / "checkpoints").glob("*.ckpt"))
    newest.write_bytes(newest.read_bytes()[:1000])
    # Training had ended; the state that says so is taken back with the file.
    compare(framework.resume("last", root=tmp_path, quiet=True).run, finished)


def compare(run: Run, finished: Run) -> None:
    ours, theirs = (load_checkpoint(checkpoint_of(r, "")) for r in (run, finished))
    for part in ("state_dict", "optimizer_states", "global_step", "apart"):
        assert_same(ours[part], theirs[part])
    assert_same(without_clocks(ours["cycle"]), without_clocks(theirs["cycle"]))
    assert run.state.stages[""].reports == finished.state.stages[""].reports
    assert metrics(run) == metrics(finished)


def metrics(run: Run) -> dict[tuple[str, int], list[float]]:
    """Every logged value by name and step, without what a clock decides."""
    found: dict[tuple[str, int], list[float]] = {}
    for record in read_journal(run.folder / "metrics.jsonl"):
        for name, value in record.metrics.items():
            if not name.startswith("time/"):
                found.setdefault((name, record.step), []).append(value)
    return found


def without_clocks(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_clocks(v) for k, v in value.items() if "seconds" not in str(k)}
    return value
