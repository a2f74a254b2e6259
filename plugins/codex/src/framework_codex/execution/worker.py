"""The process that holds tests: `python -m framework_codex.execution.worker`.

It answers orders of the judge over one connection, and dies with the judge whatever it is doing:
the kernel sends it SIGIO, which nothing here handles, when the far end of its lifeline closes.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any

from framework.errors import UserError

from .checker import Checker

#: Memory a worker may take beyond what it starts with, in bytes: a result can make tests greedy.
_MEMORY = 2 << 30
_PR_SET_DUMPABLE = 4


def tie(lifeline: int) -> None:
    """Die when the other end of this pipe is closed, even in the middle of a long computation."""
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    try:
        if os.read(lifeline, 1) == b"":
            os._exit(0)
    except BlockingIOError:
        pass


def bound() -> None:
    """Keep a greedy test from taking the machine's memory, and the programs from reading ours."""
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()  # noqa: PTH123, SIM115
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = size + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


def serve(connection: Any) -> None:
    """Judge until the other end closes."""
    problems: dict[int, Any] = {}
    checker: Checker | None = None
    try:
        config, scratch = connection.recv()
        checker = Checker(config, scratch, lambda seconds: connection.send(("later", seconds)))
        connection.send(("ready", None))
        while True:
            order, *values = connection.recv()
            if order == "problem":
                problems[values[0]] = values[1]
            elif order == "forget":
                problems.pop(values[0], None)
            else:
                number, completion, alone = values
                connection.send(("judged", checker.judge(problems[number], completion, alone)))
    except (EOFError, ConnectionError):
        pass
    except UserError as error:
        connection.send(("error", str(error)))
    except Exception:  # a mistake of ours: whoever waits for the verdict has to see it
        connection.send(("bug", traceback.format_exc()))
    finally:
        if checker is not None:
            checker.close()


def main() -> None:
    """Take the connection's and the lifeline's descriptors from the command line."""
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    tie(int(sys.argv[2]))
    bound()
    serve(connection)


if __name__ == "__main__":
    main()
