"""Sweeps that are killed, stopped and interrupted, and go on."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework.runs import Run
from framework.runs.journal import read_journal
from framework.runs.store import Store
from framework.sweep import Summary, sweep
from tests.sweep.helpers import kill, kill_when, runs_of, wait_until
from tests.zygote import Forked, ForkedChildren

pytestmark = pytest.mark.usefixtures("zygote", "workplace")

STEPS = 6
SETTINGS = ["algorithm.lr=0.1,0.2", f"algorithm.steps={STEPS}", "trainer.checkpoint_every=1"]
_uninterrupted: list[dict[str, float]] = []


@pytest.fixture
def uninterrupted() -> list[dict[str, float]]:
    """What the sweep finds if nothing happens to it."""
    if not _uninterrupted:
        summary = sweep("recipe.yaml", SETTINGS, name="uninterrupted", executor=ForkedChildren(2))
        _uninterrupted.extend(row.metrics for row in summary.rows)
    return _uninterrupted


@pytest.fixture
def hold(workplace: Path) -> Path:
    """While it is there, children wait at step 3."""
    path = workplace / "hold"
    path.touch()
    return path


def held(hold: Path) -> list[str]:
    return [*SETTINGS, "algorithm.pause_at=3", f"algorithm.hold={hold}"]


def check_as_if_nothing_happened(
    summary: Summary, expected: list[dict[str, float]], tracking_uri: str
) -> None:
    assert summary.finished
    assert [row.metrics for row in summary.rows] == expected
    client = Store(tracking_uri).client
    experiment = client.get_run(summary.run_id).info.experiment_id
    nested = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{summary.run_id}'")
    # A process killed in the moment between making a run and noting it leaves an empty one.
    finished = [run for run in nested if run.info.status == "FINISHED"]
    assert sorted(run.info.run_id for run in finished) == sorted(row.run_id for row in summary.rows)
    assert {run.info.status for run in nested} <= {"FINISHED", "KILLED"}
    assert client.get_run(summary.run_id).info.status == "FINISHED"
    for row in summary.rows:
        records = read_journal(Path("runs", row.run_id, "metrics.jsonl"))
        steps = [record.step for record in records if "train/loss" in record.metrics]
        assert steps == list(range(1, STEPS + 1))
        history = client.get_metric_history(row.run_id, "train/loss")
        assert [metric.step for metric in history] == steps


def first(settings: list[str]) -> Run | None:
    found = runs_of(settings)
    return found[0] if found else None


def trains(run: Run | None) -> bool:
    return run is not None and bool(list(run.folder.glob("checkpoints/*2.ckpt")))


BEFORE: dict[str, Callable[[list[str]], Any]] = {
    "before there is a parent": lambda settings: Path("runs").exists(),
    "as there is a parent": lambda settings: list(Path("runs").glob("*/sweep.json")),
    "as the first run is made": first,
}
AFTER: dict[str, Callable[[list[str]], Any]] = {
    "as the first run starts": lambda settings: (
        (run := first(settings)) and (run.folder / "output.log").exists()
    ),
    "as the first run has a process": lambda settings: (run := first(settings)) and run.alive,
    "in the first run's training": lambda settings: trains(first(settings)),
}


@pytest.mark.parametrize(
    ("moment", "everything"),
    [
        *(pytest.param(moment, False, marks=pytest.mark.slow) for moment in {**BEFORE, **AFTER}),
        *((moment, True) for moment in AFTER),
    ],
)
def test_a_killed_sweep_goes_on(
    moment: str, everything: bool, hold: Path, uninterrupted: list[dict[str, float]], tracking_uri: str
) -> None:
    settings = held(hold)
    kill_when(settings, lambda: {**BEFORE, **AFTER}[moment](settings))
    before = [run.state.run_id for run in runs_of(settings)]
    if everything:
        for run in runs_of(settings):
            kill(run)
    hold.unlink()
    executor = ForkedChildren()
    summary = sweep("recipe.yaml", settings, executor=executor)
    check_as_if_nothing_happened(summary, uninterrupted, tracking_uri)
    assert [row.run_id for row in summary.rows][: len(before)] == before, "a run was made twice"
    if moment == "in the first run's training":
        assert executor.started == (["lr=0.1", "lr=0.2"] if everything else ["lr=0.2"])


def test_a_run_whose_process_died_before_noting_it_is_ended(hold: Path, tracking_uri: str) -> None:
    settings = held(hold)
    kill_when(settings, lambda: first(settings))
    for run in runs_of(settings):
        kill(run)
    store, parent = Store(tracking_uri), first(settings).state.parent
    experiment = store.client.get_run(parent).info.experiment_id
    lost = store.create_run(experiment, "lost", {"mlflow.parentRunId": parent})
    hold.unlink()
    summary = sweep("recipe.yaml", settings, executor=ForkedChildren())
    assert summary.run_id == parent
    assert store.client.get_run(lost).info.status == "KILLED"


def test_killed_again_and_again(uninterrupted: list[dict[str, float]], tracking_uri: str) -> None:
    chance = random.Random(1)
    settings = [*SETTINGS, "algorithm.pause=0.1"]
    for _ in range(4):
        with Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, 2], Path("sweep.log")):
            time.sleep(chance.uniform(0.2, 2.5))
        for run in runs_of(settings):
            if chance.random() < 0.5:
                kill(run)
    summary = sweep("recipe.yaml", settings, executor=ForkedChildren(2))
    check_as_if_nothing_happened(summary, uninterrupted, tracking_uri)


def test_an_orphan_is_waited_for_and_not_run_twice(
    hold: Path, uninterrupted: list[dict[str, float]], tracking_uri: str
) -> None:
    settings = held(hold)
    kill_when(settings, lambda: [run.alive for run in runs_of(settings)] == [True, True], jobs=2)
    pids = [run.state.pid for run in runs_of(settings)]
    with Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, 1], Path("second.log")) as second:
        wait_until(lambda: second.output.read_text().count("still running") == 2)
        assert [run.state.pid for run in runs_of(settings)] == pids
        hold.unlink()
        assert second.wait() == 0, second.output.read_text()
    assert "begins" not in second.output.read_text()
    summary = sweep("recipe.yaml", settings, executor=ForkedChildren())
    check_as_if_nothing_happened(summary, uninterrupted, tracking_uri)


def test_a_run_that_two_processes_begin_is_run_once(
    hold: Path, uninterrupted: list[dict[str, float]], tracking_uri: str
) -> None:
    settings = held(hold)
    # A first sweep dies between starting a process and that process's claim of the run.
    kill_when(settings, lambda: first(settings))
    rival = ForkedChildren().start(first(settings))
    with Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, 2], Path("second.log")) as second:
        wait_until(lambda: sum(run.alive for run in runs_of(settings)) == 2)
        hold.unlink()
        assert second.wait() == 0, second.output.read_text()
    wait_until(rival.done)
    summary = sweep("recipe.yaml", settings, executor=ForkedChildren())
    check_as_if_nothing_happened(summary, uninterrupted, tracking_uri)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_children_at_a_checkpoint(
    signum: signal.Signals, uninterrupted: list[dict[str, float]], tracking_uri: str
) -> None:
    settings = [*SETTINGS, "algorithm.pause=0.3"]
    with Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, 1], Path("sweep.log")) as process:
        wait_until(lambda: trains(first(settings)))
        process.kill(signum)
        assert process.wait() == 128 + signum, process.output.read_text()
    assert "framework sweep --resume" in process.output.read_text()
    run = runs_of(settings)[0]
    assert run.state.status == "KILLED"
    assert list(run.folder.glob("checkpoints/*.ckpt"))
    parent = run.state.parent
    assert Run.open(Path("runs") / parent).state.status == "KILLED"
    assert Store(tracking_uri).client.get_run(parent).info.status == "KILLED"

    run_id = run.state.run_id
    summary = sweep("recipe.yaml", settings, executor=ForkedChildren(2))
    assert summary.rows[0].run_id == run_id
    check_as_if_nothing_happened(summary, uninterrupted, tracking_uri)


def test_a_second_signal_does_not_wait(
    hold: Path, uninterrupted: list[dict[str, float]], tracking_uri: str
) -> None:
    settings = held(hold)
    with Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, 1], Path("sweep.log")) as process:
        wait_until(lambda: trains(first(settings)))
        process.kill(signal.SIGINT)
        wait_until(lambda: "stopping" in process.output.read_text())
        process.kill(signal.SIGINT)
        assert process.wait() == 130, process.output.read_text()
    # Two signals close together may reach the child as one: it then stops at its next step.
    hold.unlink()
    wait_until(lambda: not runs_of(settings)[0].alive)
    summary = sweep("recipe.yaml", settings, executor=ForkedChildren(2))
    check_as_if_nothing_happened(summary, uninterrupted, tracking_uri)


def test_a_killed_child_is_listed_and_goes_on_next_time(
    hold: Path, uninterrupted: list[dict[str, float]], tracking_uri: str
) -> None:
    settings = held(hold)
    with Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, 2], Path("sweep.log")) as process:
        wait_until(lambda: [trains(run) for run in runs_of(settings)] == [True, True])
        victim = runs_of(settings)[0]
        os.kill(victim.state.pid, signal.SIGKILL)
        wait_until(lambda: "failed: killed by SIGKILL" in process.output.read_text())
        hold.unlink()
        assert process.wait() == 1, process.output.read_text()
    assert Store(tracking_uri).client.get_run(victim.state.run_id).info.status == "KILLED"
    executor = ForkedChildren()
    summary = sweep("recipe.yaml", settings, executor=executor)
    assert executor.started == ["lr=0.1"]
    assert summary.rows[0].run_id == victim.state.run_id
    check_as_if_nothing_happened(summary, uninterrupted, tracking_uri)
