"""Processes that start in milliseconds: forked from one that has imported everything.

`python -m tests.zygote SOCKET` is that one. It is asked over a socket, by tests and by the
processes it made, to fork one more that calls a function; the answer is the new
process's number, and at its end its exit status.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from framework.runs import Run
from framework.testing.fixtures import without_waiting_for_disks

SOCKET = "FRAMEWORK_TEST_ZYGOTE"
_PRELOADED = (
    "framework.cli.resume",
    "framework.cli.run",
    "framework.cli.sweep",
    "framework.compare",
    "framework.experiment",
    "framework.sweep",
    "lightning.pytorch",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.tracking",
    "framework.sweep.study",
)


class Forked:
    """A process forked by the zygote: it calls `module:function` with arguments JSON can hold.

    Args:
        target: "module:function"; what it returns is the exit code.
        arguments: of the call.
        output: file for all it prints.
        descriptors: it inherits.
    """

    def __init__(
        self, target: str, arguments: Sequence[Any], output: Path, descriptors: Sequence[int] = ()
    ) -> None:
        request = {
            "target": target,
            "arguments": list(arguments),
            "output": str(output.absolute()),
            "directory": str(Path.cwd()),
            "environment": dict(os.environ),
        }
        self.output = output
        output.touch()
        self._status: int | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.connect(os.environ[SOCKET])
        socket.send_fds(self._socket, [json.dumps(request).encode()], list(descriptors))
        # Packets, so that the number of the process and its status come apart.
        self.pid = int(self._socket.recv(100))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.poll() is None:
            self.kill()
            self.wait()

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        if self._status is None:
            self._socket.setblocking(False)
            try:
                self._status = int(self._socket.recv(100))
            except BlockingIOError:
                return None
            self._socket.close()
        return self._status

    def wait(self, seconds: float = 240.0) -> int:
        deadline = time.monotonic() + seconds
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                self.kill()
                self._socket.close()
                raise TimeoutError(self.output.read_text())
            time.sleep(0.01)
        return status

    def said(self, status: int) -> str:
        """All it printed, once it ended with this exit status."""
        found, text = self.wait(), self.output.read_text()
        assert found == status, text
        return text

    def kill(self, signum: int = signal.SIGKILL) -> None:
        os.kill(self.pid, signum)


class ForkedChildren:
    """An executor of sweeps, as `LocalProcesses` is."""

    def __init__(self, jobs: int = 1) -> None:
        self.slots = jobs
        self.started: list[str] = []

    def start(self, run: Run) -> Any:
        self.started.append(run.state.name)
        return _Handle(Forked("tests.zygote:run_child", [str(run.folder)], run.folder / "output.log"))


class _Handle:
    def __init__(self, process: Forked) -> None:
        self.process = process

    @property
    def code(self) -> int | None:
        return self.process.poll()

    def done(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        self.process.kill(signal.SIGTERM)


def run_child(folder: str) -> int:
    from framework.cli import main

    os.environ["FRAMEWORK_DEBUG"] = "1"
    main(["resume", folder, "--quiet"])


def run_sweep(recipe: str, settings: list[str], jobs: int = 1) -> int:
    """`framework sweep` with children that start fast."""
    from framework.errors import UserError
    from framework.interruption import Interrupted
    from framework.sweep import sweep

    try:
        summary = sweep(
            recipe, settings, executor=ForkedChildren(jobs), say=lambda line: print(line, flush=True)
        )
    except Interrupted as signal_:
        return signal_.exit_code
    except UserError as error:
        print(error)
        return 2
    return summary.exit_code


def run_command(arguments: list[str], fork: bool = False) -> int:
    """`framework ...`; with `fork` the children of a sweep start fast."""
    import framework.sweep
    from framework.cli import main

    if fork:
        framework.sweep.LocalProcesses = ForkedChildren
    main(arguments)


def _serve(path: str) -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    without_waiting_for_disks()
    os.fsync = lambda _: None
    assert threading.active_count() == 1, threading.enumerate()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # Who waits for the name may connect as soon as it is there.
    server.bind(f"{path}.new")
    server.listen(64)
    Path(f"{path}.new").rename(path)
    os.close(0)
    while True:
        connection, _ = server.accept()
        if os.fork() == 0:
            server.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(connection)
        connection.close()


def _answer(connection: socket.socket) -> None:
    """Fork the process, wait for it and tell how it ended."""
    data, descriptors, _, _ = socket.recv_fds(connection, 1 << 17, 8)
    request = json.loads(data)
    pid = os.fork()
    if pid == 0:
        connection.close()
        os._exit(_call(request))
    for descriptor in descriptors:
        os.close(descriptor)
    with contextlib.suppress(BrokenPipeError):  # who asked may be dead by now
        connection.sendall(str(pid).encode())
        _, status = os.waitpid(pid, 0)
        connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _call(request: dict[str, Any]) -> int:
    os.setsid()
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:0] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    module, _, function = request["target"].partition(":")
    code: Any = 1
    try:
        code = getattr(importlib.import_module(module), function)(*request["arguments"])
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:
        import traceback

        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    _serve(sys.argv[1])
