from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from framework.sweep.child import Child
from tests.zygote import Forked


def children() -> list[Child]:
    """The children of the sweeps in this directory."""
    found = []
    for job in sorted(Path("runs").glob("*/children/*/job.json")):
        with contextlib.suppress(FileNotFoundError):
            found.append(Child(job.parent))
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def kill(child: Child) -> None:
    """End its process with SIGKILL, if it has one."""
    wait_until(lambda: bool(child.pid) or not child.alive)
    if child.alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: not child.alive)


def kill_when(settings: list[str], condition: Callable[[], bool], jobs: int = 1) -> None:
    """Run a sweep in a process and end that with SIGKILL when the condition holds; children live on."""
    with Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, jobs], Path("sweep.log")) as process:
        wait_until(lambda: condition() or process.poll() is not None)
