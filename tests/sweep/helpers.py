from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from framework.errors import UserError
from framework.runs import Run, all_runs, children
from tests.zygote import Forked


def runs_of(settings: Sequence[str] | None = None) -> list[Run]:
    """The runs of the sweep with these settings, or of all, as they stand now."""
    return [
        run
        for sweep in all_runs()
        if sweep.is_sweep
        and settings in (None, json.loads((sweep.folder / "sweep.json").read_text())["settings"])
        for run in children(sweep)
    ]


def wait_until(condition: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def kill(run: Run) -> None:
    """End its process with SIGKILL, if it has been started."""
    if (run.folder / "output.log").exists():
        with contextlib.suppress(AssertionError):  # the sweep may have died before it started it
            wait_until(lambda: Run.open(run.folder).state.host != "", seconds=5)
    now = Run.open(run.folder)
    if now.alive:
        with contextlib.suppress(ProcessLookupError):
            os.kill(now.state.pid, signal.SIGKILL)
    wait_until(lambda: not Run.open(run.folder).alive)


def kill_when(settings: list[str], condition: Callable[[], bool], jobs: int = 1) -> None:
    """Run a sweep in a process and end that with SIGKILL when the condition holds; its runs live on."""

    def holds() -> bool:
        with contextlib.suppress(UserError, OSError):  # a file that was just replaced
            return bool(condition())
        return False

    with Forked("tests.zygote:run_sweep", ["recipe.yaml", settings, jobs], Path("sweep.log")) as process:
        wait_until(lambda: holds() or process.poll() is not None)
