"""Where the runs of a sweep are executed: `command(run)`, on a machine that sees the run's folder."""

from __future__ import annotations

import os
import signal
import sys
from typing import Protocol

from framework.runs import Run


class Handle(Protocol):
    """A run that is being executed."""

    @property
    def code(self) -> int | None:
        """The exit code of its process, negative for a signal; None while it runs, or if nobody knows."""
        ...

    def done(self) -> bool:
        """Whether its process has ended, however it did."""
        ...

    def stop(self) -> None:
        """Ask it to write a checkpoint and end."""
        ...


class Executor(Protocol):
    """Starts runs.

    Attributes:
        slots: how many it executes at once.
    """

    slots: int

    def start(self, run: Run) -> Handle:
        """Start a run, or go on with it."""
        ...


class Orphan:
    """A run whose process somebody else started, such as a sweep that was killed."""

    code: int | None = None

    def __init__(self, run: Run) -> None:
        self._folder = run.folder

    def done(self) -> bool:
        return not Run.open(self._folder).alive

    def stop(self) -> None:
        run = Run.open(self._folder)
        if run.alive and run.state.host == os.uname().nodename:
            os.kill(run.state.pid, signal.SIGTERM)


def command(run: Run) -> list[str]:
    """The command line that executes a run to its end."""
    return [sys.executable, "-m", "framework", "resume", str(run.folder.absolute()), "--quiet"]


def environment() -> dict[str, str]:
    """What its process gets for an environment: a crash is to leave its traceback in the log."""
    return {**os.environ, "FRAMEWORK_DEBUG": "1"}
