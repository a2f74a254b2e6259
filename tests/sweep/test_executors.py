"""Where the runs of a sweep are executed."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from framework.errors import UserError
from framework.runs import Run, RunState
from framework.sweep.driver import _death
from framework.sweep.executors import Orphan, local
from framework.sweep.executors.local import LocalProcesses, Process
from framework.sweep.executors.ray import RayTasks, execute
from tests.sweep.helpers import wait_until


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run(tmp_path / "r", RunState("r", "name", "x", "", "", 0.0, status="WAITING"))
    made.folder.mkdir()
    made.save()
    return made


@pytest.fixture
def sleeping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are processes that wait to be stopped."""
    code = "import time; print('up', flush=True); time.sleep(60)"
    monkeypatch.setattr(local, "command", lambda run: [sys.executable, "-c", code])


@pytest.mark.usefixtures("sleeping")
def test_a_process_is_stopped_and_its_death_is_told(run: Run) -> None:
    handle = LocalProcesses().start(run)
    assert not handle.done()
    assert handle.code is None
    handle.stop()
    wait_until(handle.done)
    assert handle.code == -signal.SIGTERM
    assert _death(handle.code) == "killed by SIGTERM"
    assert _death(-signal.SIGKILL) == "killed by SIGKILL (out of memory?)"
    assert _death(3) == "its process ended with exit code 3"
    assert _death(None) == "its process ended without a word"


def test_an_orphan_is_done_when_its_process_is(run: Run) -> None:
    handle = Orphan(run)
    assert handle.done()
    handle.stop()  # nothing to stop
    run.claim()
    assert not handle.done()
    run.release("FINISHED")
    assert handle.done()


class Cluster:
    """Stands in for the module `ray`: tasks are threads, and cancelling raises in them."""

    class exceptions:
        RayError = RuntimeError

    def __init__(self) -> None:
        self.initialized = False
        self.options: dict[str, Any] = {}
        self.cancelled: list[Any] = []

    def is_initialized(self) -> bool:
        return self.initialized

    def init(self, **_: Any) -> None:
        self.initialized = True

    def remote(self, **options: Any) -> Any:
        self.options = options

        def decorate(function: Any) -> Any:
            def start(*arguments: Any) -> Any:
                future = SimpleNamespace(value=None, error=None)

                def work() -> None:
                    try:
                        future.value = function(*arguments)
                    except BaseException as error:
                        future.error = error

                future.thread = threading.Thread(target=work)
                future.thread.start()
                return future

            return SimpleNamespace(remote=start)

        return decorate

    def wait(self, futures: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        done = [future for future in futures if not future.thread.is_alive()]
        return done, [future for future in futures if future not in done]

    def get(self, future: Any) -> Any:
        if future.error is not None:
            raise RuntimeError("the task failed") from future.error
        return future.value

    def cancel(self, future: Any) -> None:
        self.cancelled.append(future)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setitem(sys.modules, "ray", made)
    return made


@pytest.mark.parametrize("code", [0, 2])
def test_ray_gives_back_the_exit_code(
    run: Run, cluster: Cluster, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "command", lambda run: [sys.executable, "-c", f"raise SystemExit({code})"])
    executor = RayTasks(3, num_gpus=1)
    assert executor.slots == 3
    assert cluster.options == {"max_retries": 0, "num_cpus": 1, "num_gpus": 1}
    handle = executor.start(run)
    wait_until(handle.done)
    assert handle.code == code


@pytest.mark.usefixtures("cluster")
def test_a_task_on_ray_whose_worker_dies_has_no_exit_code(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "command", lambda run: ["/no/such/program"])
    handle = RayTasks().start(run)
    wait_until(handle.done)
    assert handle.code is None


@pytest.mark.usefixtures("sleeping")
def test_a_task_on_ray_that_is_cancelled_lets_its_run_write_a_checkpoint(
    run: Run, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    waits: list[Process] = []
    wait = Process.wait

    def interrupted(process: Process) -> int:
        waits.append(process)
        if len(waits) == 1:
            raise KeyboardInterrupt
        return wait(process)

    monkeypatch.setattr(Process, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        execute(str(run.folder), str(tmp_path), {"FRAMEWORK_TEST": "1"})
    assert waits[0].code == -signal.SIGTERM
    assert os.environ.pop("FRAMEWORK_TEST") == "1"

    monkeypatch.setattr(local, "command", lambda run: [sys.executable, "-c", ""])
    handle = RayTasks().start(run)
    handle.stop()
    assert len(cluster.cancelled) == 1
    wait_until(handle.done)


def test_without_ray_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match="pip install"):
        RayTasks()
