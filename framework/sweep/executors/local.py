"""Runs of a sweep as processes of this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from framework.runs import Run
from framework.sweep.executors import command, environment


class LocalProcesses:
    """A process of its own for every run, so that a crash is that run's alone.

    Args:
        jobs: how many at once. Each also uses `trainer.threads` threads and a process's worth
            of memory.
    """

    def __init__(self, jobs: int = 1) -> None:
        self.slots = jobs

    def start(self, run: Run) -> Process:
        return Process(run)


class Process:
    """A process started here; what it prints goes to the run's `output.log`.

    Args:
        run: what it executes.
        force: whether it takes the run over from another host.
        before: called in it before it begins.
    """

    def __init__(self, run: Run, force: bool = False, before: Callable[[], None] | None = None) -> None:
        with (run.folder / "output.log").open("ab") as log:
            self._popen = subprocess.Popen(
                [*command(run), *("--force" for _ in range(force))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(),
                # Ctrl-C is for the sweep, which then tells its runs, once.
                start_new_session=True,
                preexec_fn=before,
            )

    @property
    def code(self) -> int | None:
        return self._popen.returncode

    def done(self) -> bool:
        return self._popen.poll() is not None

    def stop(self) -> None:
        self._popen.terminate()

    def wait(self) -> int:
        """Its exit code, once it has ended."""
        return self._popen.wait()
