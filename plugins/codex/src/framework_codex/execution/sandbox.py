"""A sandbox as its checker sees it: started once, then one program after another."""

from __future__ import annotations

import contextlib
import marshal
import os
import platform
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from framework.errors import UserError

from . import bubblewrap, starvation
from .inside import zygote
from .packages import package_files
from .verdict import JudgeConfig

#: Processor time a program may use while others run beside it, in multiples of its limit: what it
#: would be judged by is its time alone, and what is slower than this beside others is so alone.
PATIENCE = 1.5
#: Seconds a sandbox may take to start, on a machine that is very busy.
_START = 120.0
#: Processes of a sandbox's user that are no thread of a program: bubblewrap's and the zygote.
_OWN_PROCESSES = 3
#: Below this kernel the limit would count all the user's processes, not the sandbox's.
_COUNTS_PER_NAMESPACE = (5, 14)


class SandboxDied(Exception):
    """The sandbox is gone, for a reason that need not lie with the program."""


class Ended(NamedTuple):
    """What became of a program's process.

    Attributes:
        status: as wait gives it; the judge's own SIGKILL if it was alive to the end.
        cpu_seconds: of all its threads.
        peak_kb: of memory.
        clean: nothing of it is left; otherwise the sandbox has to go.
    """

    status: int
    cpu_seconds: float
    peak_kb: int
    clean: bool


class Sandbox:
    """One zygote, in bubblewrap or, for the weaker backend, bare.

    Args:
        config: limits, backend and packages.
        scratch: where the backend without a file system of its own may put files.

    Raises:
        UserError: this machine cannot make one.
    """

    def __init__(self, config: JudgeConfig, scratch: str = "") -> None:
        self.config = config
        self.root = ""
        self.folder = bubblewrap.FOLDER
        if config.backend == "process":
            self.root = tempfile.mkdtemp(dir=scratch or None)
            self.folder = f"{self.root}/work"
            Path(self.folder).mkdir()
            self._start(None, None)
        elif os.geteuid() == 0:
            # A user of its own makes the limit of threads hold, which root is exempt from.
            try:
                self._start(False, 0x6A000000 + os.getpid())
            except UserError:
                self._start(True, None)
        else:
            self._start(True, None)

    def start(self) -> socket.socket:
        """Fork a child; the stream to it."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self.control, [zygote.START], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise SandboxDied(str(error)) from None
        return ours

    def clock(self) -> float:
        """CPU-seconds of the running program."""
        seconds: float = zygote.SECONDS.unpack(self._ask(zygote.CLOCK))[0]
        return seconds

    def waited(self) -> float:
        """Seconds the program, its tests and what is between them have waited for a processor, since ever."""
        pids = [os.getpid(), self.process.pid, *starvation.descendants(self.process.pid)]
        return sum(map(starvation.waited, pids))

    def end(self) -> Ended:
        """Kill the running program and what it left."""
        return Ended(*zygote.ENDED.unpack(self._ask(zygote.END)))

    def close(self) -> None:
        """Kill the sandbox and wait for it."""
        self.control.close()
        self.process.kill()
        self.process.wait()
        if self.root:
            shutil.rmtree(self.root, ignore_errors=True)

    def _ask(self, order: bytes) -> bytes:
        try:
            self.control.send(order)
            answer = self.control.recv(64)
        except OSError as error:
            raise SandboxDied(str(error)) from None
        if not answer:
            raise SandboxDied("the sandbox ended")
        return answer

    def _start(self, user: bool | None, uid: int | None) -> None:
        files = package_files(self.config.packages)
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            number = theirs.fileno()
            if user is None:
                packages = Path(self.root) / "packages"
                packages.mkdir()
                for name, path in files.items():
                    (packages / name).symlink_to(path)
                line = bubblewrap.python_command(str(bubblewrap.INSIDE.parent), str(packages), number)
                variables = bubblewrap.environment(self.folder)
            else:
                line = bubblewrap.command(files, self.config.limits.file_mb, user)
                line += bubblewrap.python_command(bubblewrap.CODE, bubblewrap.PACKAGES, number)
                variables = {}
            self.process = subprocess.Popen(
                line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                pass_fds=[number], env=variables, cwd="/",
            )  # fmt: skip
        try:
            self._greet(self._settings(user, uid))
        except UserError:
            self.close()
            raise

    def _settings(self, user: bool | None, uid: int | None) -> dict[str, Any]:
        limits = self.config.limits
        kernel = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
        counted = uid is not None or (user and os.geteuid() != 0 and kernel >= _COUNTS_PER_NAMESPACE)
        return {
            "memory_mb": limits.memory_mb,
            "file_mb": limits.file_mb,
            "processes": limits.threads + _OWN_PROCESSES if counted else 0,
            "result_bytes": limits.output_kb * 1024,
            "packages": list(self.config.packages),
            "folder": self.folder,
            "uid": uid,
            "orphans": user is None,
        }

    def _greet(self, settings: dict[str, Any]) -> None:
        self.control.settimeout(_START)
        answer = b""
        with contextlib.suppress(OSError):
            self.control.send(marshal.dumps(settings))
            answer = self.control.recv(1 << 16)
        stderr = self.process.stderr
        assert stderr is not None
        if answer == b"ready":
            stderr.close()
            self.control.settimeout(_START)
            return
        self.process.kill()
        said = (answer + stderr.read()).decode("utf-8", "replace").strip()
        raise UserError(_explain(said, self.process.wait(), self.config.packages))


def _explain(said: str, status: int, packages: Sequence[str]) -> str:
    last = said.splitlines()[-1] if said else f"it ended with status {status} and said nothing"
    if "--size" in said or "--perms" in said:
        return f"programs cannot be executed safely: bubblewrap is too old: {last}\n  install 0.7 or newer"
    if "namespace" in said or "uid map" in said or "Operation not permitted" in said:
        return (
            f"programs cannot be executed safely: this system lets you create no namespaces: {last}\n"
            "  allow it: sysctl kernel.unprivileged_userns_clone=1, or on Ubuntu\n"
            "  kernel.apparmor_restrict_unprivileged_userns=0; in a container, start it with\n"
            "  --security-opt seccomp=unconfined or --privileged\n"
            "  or set judge.backend=process, which runs programs without a sandbox, as the user you are"
        )
    if packages and "Error" in last:
        return (
            f"judge.packages: {', '.join(packages)} cannot be imported in the sandbox: {last}\n"
            "  add what it needs to judge.packages, or raise judge.limits.memory_mb"
        )
    return f"the sandbox does not start: {last}"
