"""framework rm: what goes, what stays, and what is refused."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import framework
from framework.errors import UserError
from framework.runs import FAILED, RUNNING, WAITING, Run, StageState, all_runs
from framework.runs.store import Store

from .conftest import Answer

Command = Callable[..., Answer]
MakeRun = Callable[..., Run]


def left() -> list[str]:
    return sorted(run.state.name for run in all_runs())


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes standard input a terminal at which something is typed."""

    class Typed(io.StringIO):
        def isatty(self) -> bool:
            return True

    return lambda text: monkeypatch.setattr("sys.stdin", Typed(text))


def test_several_runs_are_removed_and_others_stay(make_run: MakeRun, command: Command) -> None:
    one, two, _ = (make_run(name * 4, name) for name in ("a", "b", "c"))
    (one.folder / "checkpoints").mkdir()
    (one.folder / "checkpoints" / "step-1.ckpt").write_bytes(bytes(5_000_000))
    (one.folder / "link").symlink_to("nowhere")
    answer = command("rm", "a", two.state.run_id, str(one.folder))
    assert answer.code == 0
    assert answer.out == "2 runs removed, 5 MB freed\n"
    assert left() == ["c"]
    assert [path.name for path in Path("runs").iterdir()] == ["c".ljust(4, "c").ljust(32, "0")]


def test_a_sweep_goes_with_its_runs(make_run: MakeRun, command: Command) -> None:
    sweep = make_run("aaaa", "sweep")
    (sweep.folder / "sweep.json").write_text("{}")
    for index in range(2):
        make_run(f"bbb{index}", f"seed={index}", parent=sweep.state.run_id, choices={"seed": str(index)})
    make_run("cccc", "other")
    assert command("rm", "sweep").code == 0
    assert left() == ["other"]


def test_nothing_goes_if_one_is_alive(make_run: MakeRun, command: Command) -> None:
    parent = psutil.Process(os.getppid())
    host = os.uname().nodename
    make_run("aaaa", "a")
    make_run("bbbb", "b", RUNNING, pid=parent.pid, pid_created=parent.create_time(), host=host)
    for options in ([], ["--force"], ["--trim"]):
        answer = command("rm", "a", "b", *options)
        assert answer.code == 2
        assert f"still running, as process {parent.pid}" in answer.err
    assert left() == ["a", "b"]


def test_one_of_another_host_goes_if_told_so(make_run: MakeRun, command: Command) -> None:
    make_run("aaaa", "a", RUNNING, pid=7, host="other")
    answer = command("rm", "a")
    assert answer.code == 2
    assert "--force" in answer.err
    assert command("rm", "a", "--force").code == 0
    assert left() == []


@pytest.mark.parametrize(("typed", "rest"), [("n\n", ["a"]), ("y\n", [])])
def test_a_person_is_asked(
    make_run: MakeRun, command: Command, terminal: Callable[[str], None], typed: str, rest: list[str]
) -> None:
    make_run("aaaa", "a")
    terminal(typed)
    answer = command("rm", "a")
    assert answer.code == 0
    assert "remove 1 run? [y/N]" in answer.err
    assert left() == rest


def test_but_not_one_who_said_yes(
    make_run: MakeRun, command: Command, terminal: Callable[[str], None]
) -> None:
    make_run("aaaa", "a")
    terminal("")
    assert command("rm", "a", "--yes").code == 0
    assert left() == []


def test_it_is_told_which_runs_are_built_from_one(make_run: MakeRun, command: Command) -> None:
    base = make_run("aaaa", "base")
    make_run("bbbb", "user", used={"${checkpoint:base}": base.state.run_id})
    assert "bbbb0000 (user) is built from it" in command("rm", "base").err


def test_arguments(make_run: MakeRun, command: Command) -> None:
    make_run("aaaa", "a")
    make_run("bbbb", "a")
    assert "Missing argument" in command("rm").err
    assert "'a' fits 2 runs" in command("rm", "a").err
    assert command("rm", "nothing").code == 2
    assert left() == ["a", "a"]


def finished(make: MakeRun, run_id: str, name: str, *kept: str, **more: object) -> Run:
    """A run with checkpoints as they are written, of a megabyte each with a replay buffer of ten."""
    run = make(run_id, name, stages={"": StageState(checkpoint=kept[0], finished=True)}, **more)
    folder = run.folder / "checkpoints"
    for path in (*(f"step-{step}.ckpt" for step in (1, 2, 3)), *kept):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(bytes(1_000_000))
        file.with_name(f"{file.name}.sha256").write_text("0")
        file.with_suffix(".training").write_bytes(bytes(10_000_000))
    (folder / ".step-3.ckpt.77").write_bytes(b"torn")
    return run


def files(run: Run) -> list[str]:
    folder = run.folder / "checkpoints"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_trimming_keeps_what_is_evaluated(make_run: MakeRun, command: Command) -> None:
    one = finished(make_run, "aaaa", "one", "step-3.ckpt")
    best = finished(make_run, "bbbb", "best", "kept/best.ckpt")
    failed = finished(make_run, "cccc", "failed", "step-3.ckpt", status=FAILED)
    before = files(failed)
    answer = command("rm", "--trim")
    assert answer.out == "2 runs trimmed, 74 MB freed\n"
    assert files(one) == [".step-3.ckpt.77", "step-3.ckpt", "step-3.ckpt.sha256"]
    assert files(best) == [
        *(".step-3.ckpt.77", "kept/best.ckpt", "kept/best.ckpt.sha256"),
        *("step-3.ckpt", "step-3.ckpt.sha256"),
    ]
    assert files(failed) == before
    assert command("rm", "--trim", "one").out == "1 run trimmed, 0 B freed\n"
    answer = command("rm", "--trim", "failed", "one")
    assert answer.code == 2
    assert "run cccc0000 is not finished" in answer.err


def test_nothing_to_trim(make_run: MakeRun, command: Command) -> None:
    make_run("aaaa", "a", WAITING)
    answer = command("rm", "--trim")
    assert (answer.code, answer.out) == (0, "")
    assert "no run is finished" in answer.err


STAGES = """
environment: {use: tiny/points}
model: {use: tiny/line}
evaluators: [{use: tiny/error}]
algorithm: {use: tiny/descent, steps: 2}
trainer: {accelerator: cpu, checkpoint_every: 1}
tracking: {system_metrics: false, log_model: false}
stages: {base: {}, tuned: {}}
"""


def test_a_real_run_is_trimmed_and_removed(workplace: Path, tracking_uri: str, command: Command) -> None:
    (workplace / "recipe.yaml").write_text(STAGES)
    run = framework.run("recipe.yaml", quiet=True).run
    assert command("rm", "--trim", "last").code == 0
    assert framework.evaluate("last")["error"].metrics == run.state.stages["tuned"].reports["error"]
    with pytest.raises(UserError, match=r"tuned.algorithm.steps \(2 -> 3\): what it needs .* been trimmed"):
        framework.resume("last", ["algorithm.steps=3"])

    client = Store(tracking_uri).client
    experiment = client.get_run(run.state.run_id).info.experiment_id
    assert len(client.search_runs([experiment])) == 4  # the run, two stages, an evaluation
    answer = command("rm", run.state.run_id)
    assert "mlflow gc" in answer.err
    assert left() == []
    assert client.search_runs([experiment]) == []


def test_the_record_may_stay(make_run: MakeRun, command: Command) -> None:
    make_run("aaaa", "a", tracking_uri="http://127.0.0.1:9")
    assert "their records stay in MLflow" in command("rm", "a", "--keep-record").err
    assert left() == []


def test_nothing_is_removed_if_the_store_is_away(
    make_run: MakeRun, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    make_run("aaaa", "a", tracking_uri="http://127.0.0.1:9")
    answer = command("rm", "a")
    assert answer.code == 2
    assert "framework rm --keep-record" in answer.err
    assert left() == ["a"]
