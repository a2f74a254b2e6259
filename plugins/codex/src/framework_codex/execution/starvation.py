"""How long processes waited for a processor, by the kernel's account.

Elapsed time is a limit for programs that sleep. One that is ready and finds all processors taken
must not run into it, or verdicts would depend on what else the machine does.
"""

from __future__ import annotations

import contextlib
from pathlib import Path


def waited(pid: int) -> float:
    """Seconds the threads of a process have been ready but not running; 0 if that is not known."""
    total = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            total += int(path.read_text().split()[1])
    return total / 1e9


def descendants(pid: int) -> list[int]:
    """The chain of first children below a process, nearest first; empty if it is not known."""
    found: list[int] = []
    while True:
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        except OSError:
            return found
        if not children:
            return found
        pid = int(children[0])
        found.append(pid)
