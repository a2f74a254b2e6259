"""Workers as processes of this machine."""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing import connection, util
from typing import Any

from framework.errors import UserError
from framework.interruption import SIGNALS
from framework.rl.collect.worker import Worker


class WorkerDied(Exception):
    """A worker is gone, and with it the chunk it was asked for."""


@dataclass
class Handle:
    """A worker, at its end of the line."""

    process: Any
    line: connection.Connection


class Processes:
    """Starts workers that end when this process does, however it does.

    Args:
        modules: what they import.
    """

    def __init__(self, modules: Iterable[str] = ()) -> None:
        # Forked from a process that has imported all that and started no thread: one import for all.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([__name__, *modules])
        self._handles: list[Handle] = []
        # At exit Python waits for processes, and these wait for the end of the line.
        util.Finalize(self, _hang_up, (self._handles,), exitpriority=100)

    def start(self, number: int, made: bytes) -> Handle:
        """Start worker `number`; see `Worker` for `made`."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=serve, args=(theirs, made), name=f"collect-{number}")
        process.start()
        theirs.close()
        handle = Handle(process, ours)
        self._handles.append(handle)
        return handle

    def broadcast(self, weights: bytes) -> bytes:
        """What `ask` is given to send these weights."""
        return weights

    def ask(self, handle: Handle, weights: bytes | None, state: bytes | None, order: bytes) -> Any:
        """Call a worker's `work`; returns what `answer` takes.

        Raises:
            WorkerDied: it is gone.
        """
        try:
            handle.line.send((weights, state, order))
        except OSError as error:
            raise WorkerDied(self._end_of(handle)) from error
        return handle

    def answer(self, call: Any) -> bytes:
        """What `work` returned.

        Raises:
            WorkerDied: the worker is gone.
            UserError: it was raised there.
            RuntimeError: anything else was.
        """
        try:
            found, value = call.line.recv()
        except (OSError, EOFError) as error:
            raise WorkerDied(self._end_of(call)) from error
        if found == "answer":
            return value  # type: ignore[no-any-return]
        raise (UserError if found == "refusal" else RuntimeError)(value)

    def close(self, handles: list[Handle]) -> None:
        """End workers."""
        _hang_up(handles)
        for handle in handles:
            handle.process.join()

    def _end_of(self, handle: Handle) -> str:
        handle.line.close()
        handle.process.join()
        code = handle.process.exitcode
        return f"killed by {signal.Signals(-code).name}" if code and code < 0 else f"exit code {code}"


def _hang_up(handles: list[Handle]) -> None:
    for handle in handles:
        handle.line.close()


def serve(line: connection.Connection, made: bytes) -> None:
    """In the worker's process: answer calls until the line ends."""
    # What stops a training is sent to its workers, too; they end with it.
    for signum in SIGNALS:
        signal.signal(signum, signal.SIG_IGN)
    worker = None
    while True:
        try:
            call = line.recv()
        except (EOFError, OSError):
            return
        try:
            worker = worker or Worker(made)
            answer: tuple[str, Any] = ("answer", worker.work(*call))
        except UserError as error:
            answer = ("refusal", str(error))
        except Exception:
            answer = ("error", f"a worker failed:\n{traceback.format_exc()}")
        try:
            line.send(answer)
        except OSError:
            return
