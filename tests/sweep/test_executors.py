"""Where the runs of a sweep are executed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import yaml

from framework.errors import UserError
from framework.recipe import load_text
from framework.runs import Run, RunState
from framework.sweep.driver import _death
from framework.sweep.executors import Orphan, local
from framework.sweep.executors import ray as ray_tasks
from framework.sweep.executors.local import LocalProcesses, Process
from framework.sweep.executors.ray import RayTasks, execute, resources_of
from tests.sweep.helpers import wait_until

SMALL = {
    "environment": {"use": "gymnasium/make", "id": "CartPole-v1"},
    "model": {"use": "rl/actor_critic"},
    "algorithm": {"use": "rl/ppo", "budget": {"updates": 1}},
}
COLLECTING = "algorithm: {use: rl/ppo, budget: {updates: 1}, collectors: {use: processes, workers: 3}}"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    made = Run(tmp_path / "r", RunState("r", "name", "x", "", "", 0.0, status="WAITING"))
    made.folder.mkdir()
    made.save()
    text = yaml.safe_dump(SMALL | {"trainer": {"threads": 2, "accelerator": "gpu"}})
    (made.folder / "resolved.yaml").write_text(text)
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

            def with_options(**options: Any) -> Any:
                self.options |= options
                return SimpleNamespace(remote=start)

            return SimpleNamespace(remote=start, options=with_options)

        return decorate

    def cluster_resources(self) -> dict[str, float]:
        return {"CPU": 8.0}

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
    executor = RayTasks(3)
    assert executor.slots == 3
    handle = executor.start(run)
    wait_until(handle.done)
    assert handle.code == code
    assert cluster.options == {"max_retries": 3, "num_cpus": 2, "num_gpus": 1, "name": "name"}


@pytest.mark.parametrize(
    ("recipe", "has_gpus", "wanted"),
    [
        ("", False, (1, 0)),
        ("trainer: {threads: 3, devices: 2, accelerator: cpu}", True, (6, 0)),
        ("trainer: {accelerator: auto}", True, (1, 1)),
        ("trainer: {accelerator: gpu, devices: [0, 2]}", False, (2, 2)),
        ("trainer: {accelerator: gpu, devices: -1}", False, (1, 1)),
        (
            "algorithm: {use: rl/ppo, budget: {updates: 1}, collectors: {use: processes, workers: 3}}",
            0,
            (4, 0),
        ),
        ("stages: {a: {trainer: {threads: 2}}, b: {trainer: {accelerator: gpu, devices: '1'}}}", 0, (2, 1)),
    ],
)
def test_a_task_gets_what_the_most_demanding_stage_uses(
    recipe: str, has_gpus: bool, wanted: tuple[int, int]
) -> None:
    text = yaml.safe_dump(SMALL | (yaml.safe_load(recipe) or {}))
    found = resources_of(load_text(text, name="r"), bool(has_gpus))
    assert found == dict(zip(("num_cpus", "num_gpus"), wanted, strict=True))


def test_a_task_that_is_tried_again_waits_for_what_the_lost_one_left_and_takes_over(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(ray_tasks, "GRACE", 0.5)
    code = "import sys; raise SystemExit(5 if '--force' in sys.argv else 6)"
    monkeypatch.setattr(local, "command", lambda run: [sys.executable, "-c", code])
    lost = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.3)"])
    run.state.status, run.state.host = "RUNNING", socket.gethostname()
    run.state.pid, run.state.pid_created = lost.pid, psutil.Process(lost.pid).create_time()
    run.save()
    assert execute(str(run.folder), str(tmp_path), {}) == 6
    assert lost.poll() is None or lost.wait() == 0  # a zombie is not waited for
    run.state.host = "a-machine-that-is-gone"
    run.save()
    assert execute(str(run.folder), str(tmp_path), {}) == 5


def test_a_run_ends_with_the_worker_that_started_it(run: Run, tmp_path: Path) -> None:
    flag = tmp_path / "stopped"
    child = f"import signal, time, pathlib; signal.signal(15, lambda *_: pathlib.Path({str(flag)!r}).touch())"
    code = (
        "import sys, time\n"
        "from framework.sweep.executors.ray import _end_with_parent\n"
        "import subprocess\n"
        f"child = {child + '; print(1, flush=True); time.sleep(20)'!r}\n"
        "started = subprocess.Popen([sys.executable, '-c', child], preexec_fn=_end_with_parent, stdout=-1)\n"
        "started.stdout.readline(); print(1, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        worker.kill()
    wait_until(flag.exists)


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
