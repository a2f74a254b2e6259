"""Where the runs of a sweep are executed: on processes of this machine.

`Executor` and `Handle` are all the sweep knows. Another machine's executor has to start
`framework.sweep.child.main` there on a folder both see.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Protocol

from framework.sweep.child import Child


class Handle(Protocol):
    """A child that has been started."""

    def done(self) -> bool:
        """Whether its process has ended, however it did."""
        ...

    def death(self) -> str:
        """What ended it, if that was not its own doing: "killed by SIGKILL"; else ""."""
        ...

    def stop(self) -> None:
        """Ask it to write a checkpoint and end."""
        ...


class Executor(Protocol):
    """Starts children.

    Attributes:
        slots: how many it runs at once.
    """

    slots: int

    def start(self, child: Child) -> Handle:
        """Start a child, or take hold of the process that an earlier sweep started for it."""
        ...


class LocalProcesses:
    """A process of its own for every child, so that a crash is that child's alone.

    Args:
        jobs: how many at once. Each also uses `trainer.threads` threads and a process's worth
            of memory.
    """

    def __init__(self, jobs: int = 1) -> None:
        self.slots = jobs

    def start(self, child: Child) -> Handle:
        lock = child.take()
        if lock is None:
            return Orphan(child)
        try:
            return Process(child, lock)
        finally:
            os.close(lock)


class Process:
    """A process started here. It inherits the child's lock, and so holds it from its first moment."""

    def __init__(self, child: Child, lock: int) -> None:
        with child.log.open("ab") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", "framework.sweep", str(child.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],
                # Ctrl-C is for the sweep, which then tells its children, once.
                start_new_session=True,
            )

    def done(self) -> bool:
        return self._popen.poll() is not None

    def death(self) -> str:
        code = self._popen.returncode
        if code is None or code >= 0:
            return ""
        name = signal.Signals(-code).name
        return f"killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")

    def stop(self) -> None:
        self._popen.terminate()


class Orphan:
    """A process that outlived the sweep that started it."""

    def __init__(self, child: Child) -> None:
        self._child = child

    def done(self) -> bool:
        return not self._child.alive

    def death(self) -> str:
        return ""

    def stop(self) -> None:
        # The lock is held, so the process is there and its number is not another's yet.
        if self._child.pid and self._child.alive:
            os.kill(self._child.pid, signal.SIGTERM)
