"""Every process of a distributed run knows the run, and none leaves it RUNNING."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from framework.errors import UserError
from framework.runs import Run, find_run, process
from framework.runs.checkpoints import load_checkpoint
from framework.runs.store import Store
from framework.testing.equality import assert_same

STAGES = """
environment: {use: tiny/points}
model: {use: tiny/line}
algorithm: {use: tiny/descent, steps: 10}
evaluators: [{use: tiny/error}]
trainer: {accelerator: cpu, checkpoint_every: 2, devices: 2, strategy: ddp}
tracking: {system_metrics: false, log_model: false}
stages:
  base: {algorithm: {steps: 12}}
  again: {algorithm: {}, model: {weights: "${checkpoint:base}"}}
  alone: {trainer: {devices: 1, strategy: auto}, model: {weights: "${checkpoint:again}"}}
  judged: {algorithm: null, model: {weights: "${checkpoint:alone}"}}
"""


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_job", None)
    monkeypatch.setattr(process, "_joined", 0)
    for name in [name for name in os.environ if "RANK" in name or name == process._JOB]:
        monkeypatch.delenv(name)


def test_runs_are_joined_in_the_order_they_are_gone_on_with(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two", "one")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
        process.announce(folder)
    assert [process.join(tmp_path) for _ in folders] == folders


def test_processes_of_a_launcher_meet_and_pass_over_what_an_earlier_one_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    (tmp_path / "old").mkdir()
    process.announce(tmp_path / "old")
    point = process._meeting_point(tmp_path)
    os.utime(point, (0, 0))
    monkeypatch.delenv(process._JOB)  # the others have not inherited it
    monkeypatch.setattr(process, "_PATIENCE", 0.0)
    with pytest.raises(UserError, match="has not heard of the run"):
        process.join(tmp_path)
    monkeypatch.setattr(process, "_job", None)
    (tmp_path / "new").mkdir()
    process.announce(tmp_path / "new")
    monkeypatch.delenv(process._JOB)
    assert process.join(tmp_path) == tmp_path / "new"


def command(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(uri: str, run: Run) -> str:
    """The status on disk and in the store, which agree, of the run and its unfinished stages."""
    ids = [run.state.run_id, *(stage.run_id for stage in run.state.stages.values() if not stage.finished)]
    statuses = {str(Store(uri).client.get_run(one).info.status) for one in ids if one} | {run.state.status}
    assert len(statuses) == 1
    return statuses.pop()


def finished(tracking_uri: str) -> Run:
    done = find_run("last")
    assert ended(tracking_uri, done) == "FINISHED"
    assert list(done.metrics) == [f"{stage}/error/mse" for stage in ("base", "again", "alone", "judged")]
    assert_same(done.metrics["judged/error/mse"], done.metrics["alone/error/mse"])
    assert [path.name for path in Path("runs").glob("*/state.json")] == ["state.json"]
    return done


def test_all_stages_of_a_run_on_two_processes(workplace: Path, tracking_uri: str) -> None:
    (workplace / "recipe.yaml").write_text(STAGES)
    run = command("-m", "framework", "run", "recipe.yaml")
    _, err = run.communicate(timeout=300)
    assert run.returncode == 0, err
    finished(tracking_uri)


@pytest.mark.slow
def test_a_stage_that_fails_on_two_processes_is_resumed(workplace: Path, tracking_uri: str) -> None:
    (workplace / "recipe.yaml").write_text(STAGES)
    flag = workplace / "fail"
    flag.touch()
    fail = ["stages.again.algorithm.fail_at=7", f"stages.again.algorithm.fail_while={flag}"]
    failed = command("-m", "framework", "run", "recipe.yaml", *fail)
    _, err = failed.communicate(timeout=300)
    assert failed.returncode, err
    assert "told to fail" in err
    broken = find_run("last")
    assert broken.state.stages["base"].finished
    assert ended(tracking_uri, broken) == "FAILED"
    flag.unlink()
    resumed = command("-m", "framework", "resume", "last")
    _, err = resumed.communicate(timeout=300)
    assert resumed.returncode == 0, err
    end = load_checkpoint(finished(tracking_uri).folder / "stages/again/checkpoints/step-000000010.ckpt")
    whole = command("-m", "framework", "run", "recipe.yaml")
    whole.communicate(timeout=300)
    assert whole.returncode == 0
    other = load_checkpoint(find_run("last").folder / "stages/again/checkpoints/step-000000010.ckpt")
    for part in ("state_dict", "optimizer_states", "done"):
        assert_same(end[part], other[part])


@pytest.mark.slow
def test_torchrun(workplace: Path, tracking_uri: str) -> None:
    (workplace / "recipe.yaml").write_text(STAGES)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "framework"]
    run = command(*launch, "run", "recipe.yaml", "stages.alone.trainer.devices=2")
    _, err = run.communicate(timeout=300)
    assert run.returncode == 0, err
    assert ended(tracking_uri, find_run("last")) == "FINISHED"


@pytest.mark.slow
def test_a_process_that_dies_ends_the_run(workplace: Path, tracking_uri: str) -> None:
    (workplace / "recipe.yaml").write_text(STAGES)
    slow = ["stages.base.algorithm.pause=0.05", "stages.base.algorithm.steps=2000"]
    run = command("-m", "framework", "run", "recipe.yaml", *slow)
    while not list(Path("runs").glob("*/stages/base/checkpoints/*.ckpt")):
        assert run.poll() is None, run.communicate()
        time.sleep(0.1)
    for other in psutil.Process(run.pid).children():
        other.kill()
    _, err = run.communicate(timeout=120)
    assert run.returncode, err
    assert ended(tracking_uri, find_run("last")) in ("FAILED", "KILLED")
