"""The process inside a sandbox that forks a child for every program.

It speaks with the checker over one socket, one datagram per message, and never with a program. A
program talks over a socket of its own that came with the order to start it, so that nothing it
leaves behind can be taken for the words of the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import marshal
import os
import random
import resource
import signal
import socket
import struct
import sys
import time
from typing import Any, Final

from . import child, seccomp
from .channel import Channel

START: Final = b"s"
CLOCK: Final = b"c"
END: Final = b"e"

#: What `END` is answered with: the status of wait, CPU-seconds, peak KiB, and whether nothing was left over.
ENDED = struct.Struct("<idq?")
#: What `CLOCK` is answered with: CPU-seconds.
SECONDS = struct.Struct("<d")

#: Imported once, here, rather than by every program. Not more: what is not used costs each fork.
PRELOADED = (
    "abc", "bisect", "collections", "collections.abc", "copy", "datetime", "functools", "heapq", "itertools",
    "math", "operator", "random", "re", "string", "typing",
)  # fmt: skip

_MIB = 1 << 20
_PR_SET_PDEATHSIG = 1
_PLACEHOLDER_PID = 0x7FFFFF17
#: Files in the program's folder beyond which it is cheaper to make a new sandbox than to tidy this one.
_MANY_FILES = 2000


def limit(kind: int, value: int) -> None:
    """Set both limits of a resource, or as much as the outside allows."""
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


class Zygote:
    """Forks, kills and tidies up after one child at a time.

    Args:
        control: to the checker.
        settings: memory_mb, file_mb, processes, result_bytes, packages, folder, uid, and `orphans`: nothing
            but their parent's death ends the children.
    """

    def __init__(self, control: socket.socket, settings: dict[str, Any]) -> None:
        self.control = control
        self.settings = settings
        self.folder = settings["folder"]
        self.pid = -1

    def prepare(self) -> None:
        """Import, then give up for good whatever children must not have."""
        for name in (*PRELOADED, *self.settings["packages"]):
            importlib.import_module(name)
        uid = self.settings["uid"]
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        self.bound()
        self.libc = ctypes.PyDLL(None)
        # Not os.fork: Python's own preparations for threads, which there are none of here, make the
        # child write to, and so copy, four times the memory. The interpreter lock stays ours.
        self.fork = self.libc.fork
        self.filter = seccomp.Filter(seccomp.child_filter(_PLACEHOLDER_PID), _PLACEHOLDER_PID)
        seccomp.forbid_privileges()
        self.libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        seccomp.Filter(seccomp.zygote_filter()).install()
        os.chdir(self.folder)
        self.owns_folder = os.stat(self.folder).st_uid == os.getuid()  # noqa: PTH116
        child.redirect()
        child.rehearse()
        random.seed(0)
        gc.collect()
        gc.freeze()

    def bound(self) -> None:
        """Limits that hold for the zygote as well, and so need no call per child."""
        limit(resource.RLIMIT_AS, self.settings["memory_mb"] * _MIB)
        limit(resource.RLIMIT_FSIZE, self.settings["file_mb"] * _MIB)
        limit(resource.RLIMIT_NOFILE, 256)
        for kind in (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
            limit(kind, 0)
        limit(resource.RLIMIT_STACK, 8 * _MIB)
        if self.settings["processes"]:
            limit(resource.RLIMIT_NPROC, self.settings["processes"])

    def serve(self) -> None:
        """Obey until the checker hangs up."""
        while True:
            order, descriptors, _, _ = socket.recv_fds(self.control, 16, 1)
            if order == START:
                self.start(descriptors[0])
            elif order == CLOCK:
                self.control.send(SECONDS.pack(self.clock()))
            elif order == END:
                self.control.send(ENDED.pack(*self.end()))
            else:
                return

    def start(self, descriptor: int) -> None:
        """Fork the child that talks over `descriptor`."""
        self.pid = self.fork()
        if self.pid == 0:
            self.become_child(descriptor)
        os.close(descriptor)

    def become_child(self, descriptor: int) -> None:
        """Keep nothing but the channel; never return."""
        try:
            os.close(self.control.detach())
            if self.settings["orphans"]:
                self.libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            self.filter.install(os.getpid())
            channel = Channel(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor))
            child.main(channel, self.settings["result_bytes"])
        finally:
            os._exit(70)

    def clock(self) -> float:
        """CPU-seconds of the child so far, all its threads counted."""
        try:
            return time.clock_gettime((~self.pid << 3) | 2)
        except OSError:
            return 0.0

    def end(self) -> tuple[int, float, int, bool]:
        """Kill the child, wait for it, and remove what it left."""
        if self.pid <= 0:
            return -1, 0.0, 0, True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        self.pid = -1
        return status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, self.tidy()

    def tidy(self) -> bool:
        """Empty the folder; False if that failed, and the sandbox should be given up."""
        try:
            if self.owns_folder:
                os.chmod(self.folder, 0o700)  # noqa: PTH101 - once per program
            names = os.listdir(self.folder)  # noqa: PTH208 - once per program
            if len(names) > _MANY_FILES:
                return False
            for name in names:
                path = os.path.join(self.folder, name)  # noqa: PTH118
                if os.path.isdir(path) and not os.path.islink(path):  # noqa: PTH112, PTH114
                    import shutil

                    shutil.rmtree(path)
                else:
                    os.unlink(path)  # noqa: PTH108
        except (OSError, RecursionError):
            return False
        return True


def main(descriptor: int) -> None:
    """Serve the checker at the other end of a socket."""
    control = socket.socket(fileno=descriptor)
    zygote = Zygote(control, marshal.loads(control.recv(1 << 16)))
    try:
        zygote.prepare()
    except BaseException:
        import traceback

        control.send(traceback.format_exc().encode("utf-8", "replace")[-4000:])
        return
    control.send(b"ready")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 2)
    if null > 2:
        os.close(null)
    zygote.serve()


if __name__ == "__main__":
    main(int(sys.argv[1]))
