"""The judge's workers: processes that are started, given programs, timed, and replaced."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Pipe, wait
from pathlib import Path

from framework.errors import UserError
from framework_codex.problem import Problem

from .checker import Judged
from .verdict import JudgeConfig, Verdict

#: Programs given to a worker before it has finished the last, so that it never waits for the next.
_AHEAD = 2
#: Characters that are sent to a busy worker; more could fill the pipe and block us.
_SMALL = 20_000
#: Problems a worker is known to hold.
_HELD = 256
#: Seconds a worker may be late beyond the limits before it is killed; and to start.
_MODULE = "framework_codex.execution.worker"
_GRACE, _START = 10.0, 150.0


@dataclass(eq=False)
class Task:
    """A program to be judged.

    Attributes:
        position: among the programs given.
        alone: it has to be judged with nothing beside it.
        losses: workers that died over it.
    """

    position: int
    problem: Problem
    completion: str
    key: bytes = b""
    alone: bool = False
    losses: int = 0


class Lost(Exception):
    """A worker died."""


class Worker:
    """One worker process, and what it was given.

    Args:
        config: how programs are executed.
        scratch: a folder for the backend that needs one.
        sole: it is the only one, so that its programs always run alone.
    """

    def __init__(self, config: JudgeConfig, sole: bool, scratch: str) -> None:
        self.config = config
        self.sole = sole
        self.tasks: deque[Task] = deque()
        self.held: OrderedDict[Problem, int] = OrderedDict()
        self.made = 0
        self.connection, theirs = Pipe()
        tied, self.lifeline = os.pipe()
        _LIFELINES.add(self.lifeline)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", _MODULE, str(theirs.fileno()), str(tied)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno(), tied], env=_environment(), start_new_session=True,
            )  # fmt: skip
        os.close(tied)
        self.connection.send((config, scratch))
        self.ready = False
        self.stop = time.monotonic() + _START

    def takes(self, task: Task) -> bool:
        """Whether giving it a task cannot block."""
        if not self.tasks:
            return True
        size = len(task.completion) + (0 if task.problem in self.held else 1 << 20)
        return not task.alone and len(self.tasks) < _AHEAD and size < _SMALL

    def give(self, task: Task) -> None:
        """Have a program judged."""
        self.tasks.append(task)
        with contextlib.suppress(OSError):  # a dead worker is noticed when it is asked for its answer
            if task.problem not in self.held:
                self.held[task.problem] = self.made
                self.connection.send(("problem", self.made, task.problem))
                self.made += 1
            self.connection.send(("judge", self.held[task.problem], task.completion, task.alone or self.sole))
            if len(self.held) > _HELD:
                self.connection.send(("forget", self.held.popitem(last=False)[1]))
        if len(self.tasks) == 1 and self.ready:
            self._begin()

    def answer(self) -> tuple[Task, Judged] | None:
        """Its verdict, if that is what it says.

        Raises:
            Lost: it died.
            UserError: it cannot judge.
            RuntimeError: it has a bug.
        """
        try:
            kind, value = self.connection.recv()
        except (EOFError, OSError):
            raise Lost from None
        if kind == "error":
            raise UserError(value)
        if kind == "bug":
            raise RuntimeError(f"a worker of the judge failed\n{value}")
        if kind == "later":
            self.stop += value
            return None
        if kind == "ready":
            self.ready = True
            self._begin()
            return None
        task = self.tasks.popleft()
        self._begin()
        return task, value

    def late(self) -> bool:
        """Whether it should have answered by now: the tests themselves do not end."""
        return bool(self.tasks) and time.monotonic() > self.stop

    def close(self) -> None:
        """Kill it; its sandbox dies with it."""
        self.process.kill()
        self.process.wait()
        self.connection.close()
        _LIFELINES.discard(self.lifeline)
        with contextlib.suppress(OSError):
            os.close(self.lifeline)

    def _begin(self) -> None:
        # The first program of a problem may wait for its canonical solution, under several rules.
        self.stop = time.monotonic() + 6 * self.config.limits.wall_seconds + _GRACE


class Pool:
    """Up to a number of workers, started when they are needed."""

    def __init__(self, config: JudgeConfig) -> None:
        self.config = config
        self.size = config.workers or len(os.sched_getaffinity(0))
        self.workers: list[Worker] = []
        self.scratch: tempfile.TemporaryDirectory[str] | None = None

    def place(self, task: Task) -> bool:
        """Give a task to a worker, if one can take it now."""
        free = min((worker for worker in self.workers if worker.takes(task)), key=_busy, default=None)
        if (free is None or free.tasks) and len(self.workers) < self.size:
            free = Worker(self.config, sole=self.size == 1, scratch=self._scratch_folder())
            self.workers.append(free)
        if free is None:
            return False
        free.give(task)
        return True

    def busy(self) -> bool:
        """Whether any program is being judged."""
        return any(worker.tasks for worker in self.workers)

    def answers(self) -> Iterator[tuple[Task, Judged | None]]:
        """Wait for the next answers; None for a task whose worker was lost.

        Raises:
            UserError: a program cannot be judged here.
        """
        busy = {worker.connection: worker for worker in self.workers if worker.tasks}
        timeout = max(min(worker.stop for worker in busy.values()) - time.monotonic(), 0.01)
        for connection in wait(list(busy), timeout):
            worker = busy[connection]  # type: ignore[index]
            try:
                answer = worker.answer()
            except Lost:
                yield from self._lose(worker)
            else:
                if answer is not None:
                    yield answer
        for worker in list(self.workers):
            if worker.late():
                if not worker.ready:
                    raise UserError(f"a sandbox did not start within {_START:g} s")
                verdict = Verdict("timed_out", "its tests did not end")
                head = worker.tasks.popleft()
                yield head, Judged(verdict, again=not (head.alone or worker.sole))
                yield from ((task, None) for task in worker.tasks)
                self._drop(worker)

    def abandon(self) -> None:
        """Forget what is being judged."""
        for worker in list(self.workers):
            if worker.tasks:
                self._drop(worker)

    def close(self) -> None:
        """End all workers."""
        for worker in list(self.workers):
            self._drop(worker)
        if self.scratch is not None:
            self.scratch.cleanup()
            self.scratch = None

    def _scratch_folder(self) -> str:
        if self.config.backend != "process":
            return ""
        if self.scratch is None:
            self.scratch = tempfile.TemporaryDirectory(prefix="framework-codex-")
        return self.scratch.name

    def _lose(self, worker: Worker) -> Iterator[tuple[Task, None]]:
        self._drop(worker)
        head = worker.tasks[0]
        head.losses += 1
        if head.losses > 1:
            raise UserError(
                f"problem {head.problem.task_id}: the judge's worker was killed twice over a program\n"
                "  most likely this machine is out of memory: lower judge.workers or judge.limits.memory_mb"
            )
        yield from ((task, None) for task in worker.tasks)

    def _drop(self, worker: Worker) -> None:
        worker.close()
        self.workers.remove(worker)


def _busy(worker: Worker) -> int:
    return len(worker.tasks)


def _environment() -> dict[str, str]:
    """What finds programs and packages is ours, all else the same for everybody, and so the verdicts."""
    path = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {name: os.environ[name] for name in _KEPT if name in os.environ} | {
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONHASHSEED": "0",
        "PYTHONWARNINGS": "ignore",
        "PYTHONUTF8": "1",
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


#: Variables of the user's that a worker keeps.
_KEPT = (
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX",
    "PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE",
)  # fmt: skip

#: Far ends of the workers' lifelines. A forked copy of this process must not keep them open.
_LIFELINES: set[int] = set()


def _close_lifelines() -> None:
    for descriptor in _LIFELINES:
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _LIFELINES.clear()


os.register_at_fork(after_in_child=_close_lifelines)
