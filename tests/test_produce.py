"""Stages that make data: shard by shard, stopped anywhere, named by later stages."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from pathlib import Path

import pytest

import framework
from framework.errors import UserError
from framework.experiment import output_of
from framework.runs import Run, find_run
from framework.shards import Shards
from tests.zygote import Forked

pytestmark = pytest.mark.usefixtures("zygote")

RECIPE = """\
seed: 0
trainer: {accelerator: cpu}
tracking: {experiment: tiny, system_metrics: false, log_model: false}
stages:
  make:
    environment: {use: tiny/maker, shards: 4}
    evaluators: [{use: tiny/count}]
  learn:
    environment: {use: tiny/recorded, folder: "${output:make}"}
    model: {use: tiny/line}
    algorithm: {use: tiny/descent, steps: 4, lr: 0.01}
    evaluators: [{use: tiny/error}]
"""


@pytest.fixture
def recipe(workplace: Path) -> Path:
    path = workplace / "recipe.yaml"
    path.write_text(RECIPE)
    return path


def contents(run: Run) -> dict[str, bytes]:
    folder = output_of(run, "make")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def held(recipe: Path) -> Forked:
    """A run that waits in the middle of its third shard."""
    (recipe.parent / "hold").touch()
    settings = ["stages.make.environment.hold=hold", "stages.make.environment.pause_at=2"]
    process = Forked("tests.zygote:run_command", [["run", str(recipe), *settings]], Path("output"))
    for _ in range(2400):
        with contextlib.suppress(UserError, OSError):
            if (find_run("last").output("make") / ".partial.002.pt").exists():
                return process
        assert process.poll() is None, process.output.read_text()
        time.sleep(0.05)
    pytest.fail("no third shard")


def test_a_later_stage_learns_from_what_an_earlier_one_made(recipe: Path) -> None:
    result = framework.run(recipe, quiet=True)
    assert result.metrics["make/count/shards"] == 4
    assert result.metrics["learn/error/mse"] < 10
    run = find_run("last")
    assert list(contents(run)) == ["000.pt", "001.pt", "002.pt", "003.pt", "manifest.jsonl"]
    assert run.state.stages["make"].finished
    resolved = (run.folder / "resolved.yaml").read_text()
    assert "folder: ${output:make}" in resolved
    # Another recipe may use it too.
    settings = ["stages.make=null", "stages.learn.environment.folder=${output:" + run.state.run_id + "}"]
    with pytest.raises(UserError, match="'make'"):
        framework.run(recipe, settings, quiet=True)
    alone = recipe.with_name("alone.yaml")
    learn = RECIPE.partition("  learn:")[2].replace("output:make", f"output:{run.state.run_id}")
    alone.write_text("\n".join(line[4:] for line in learn.splitlines()))
    assert framework.run(alone, quiet=True).metrics["error/mse"] == result.metrics["learn/error/mse"]


def test_killed_in_the_middle_of_a_shard(recipe: Path) -> None:
    process = held(recipe)
    process.kill()
    process.said(-signal.SIGKILL)
    run = find_run("last")
    folder = run.output("make")
    before = {name: (folder / name).stat().st_mtime_ns for name in Shards(folder).finished()}
    assert list(before) == ["000.pt", "001.pt"]
    with pytest.raises(UserError, match=r"stage 'make' of run \w+ has no output: .* not all of it is made"):
        output_of(run, "make")
    with pytest.raises(UserError, match=r"has not made all of its data yet\n  go on with: framework resume"):
        framework.evaluate(run.state.run_id, stage="make")
    (recipe.parent / "hold").unlink()
    framework.resume(run.state.run_id, quiet=True)
    assert {name: (folder / name).stat().st_mtime_ns for name in before} == before
    whole = framework.run(recipe, quiet=True)
    assert contents(find_run(run.state.run_id)) == contents(whole.run)
    assert find_run(run.state.run_id).metrics == whole.metrics


def test_a_signal_stops_between_two_shards(recipe: Path) -> None:
    process = held(recipe)
    process.kill(signal.SIGTERM)
    time.sleep(0.2)
    (recipe.parent / "hold").unlink()
    process.said(128 + signal.SIGTERM)
    run = find_run("last")
    assert run.state.status == "KILLED"
    assert list(Shards(run.output("make")).finished()) == ["000.pt", "001.pt", "002.pt"]


def test_output_that_is_gone_or_cut(recipe: Path) -> None:
    run = framework.run(recipe, quiet=True).run
    folder = output_of(run, "make")
    (folder / "001.pt").write_bytes(b"cut")
    with pytest.raises(UserError, match=r"is not whole: 001\.pt in .* is gone or cut"):
        output_of(run, "make")
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(UserError, match=r"the output of stage 'make' of run \w+ is gone"):
        output_of(run, "make")
    with pytest.raises(UserError, match=r"stage 'learn' of run \w+ has no output: it makes no data"):
        output_of(run, "learn")


def test_progress_is_shown_and_the_manifest_recorded(
    recipe: Path, tracking_uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    from framework.runs.store import Store

    run = framework.run(recipe).run
    assert "make production 100%  40/40 points" in capsys.readouterr().err
    client = Store(tracking_uri).client
    (found,) = client.list_artifacts(run.state.stages["make"].run_id, "output")
    assert found.path == "output/manifest.jsonl"
    lines = (output_of(run, "make") / "manifest.jsonl").read_text().splitlines()
    assert [json.loads(line)["facts"] for line in lines] == [{"rows": 10}] * 4
