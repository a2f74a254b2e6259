"""How many threads a training may use: what its recipe asks for, where that many processors are free.

Threads that share a processor wait for each other in every operation; two of them on one were seen to
be forty times slower than one.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
from pathlib import Path

import psutil

log = logging.getLogger("framework")

#: Seconds over which the load is measured.
_LOOK = 0.25
_VARIABLE = "OMP_NUM_THREADS"
_QUOTAS = (
    Path("/sys/fs/cgroup/cpu.max"),
    Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"),
    Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)


def usable_threads(asked: int) -> int:
    """Threads to use where `asked` are wanted at most.

    With the environment variable OMP_NUM_THREADS, that number, or `asked` if that is less. Without it, as
    many as there are processors for: those this process may run on and a container's quota allows, less
    what other processes take of them at the moment. What is less than `asked` is logged with the reason.
    """
    if asked <= 1:
        return asked
    named = os.environ.get(_VARIABLE, "").split(",")[0].strip()
    if named.isdecimal() and int(named):
        return _logged(min(asked, int(named)), asked, f"{_VARIABLE}={named}")
    allowed = allowed_processors()
    if math.floor(allowed) < asked:
        return _logged(max(1, math.floor(allowed)), asked, f"this process may use {allowed:g} processors")
    free = free_processors()
    usable = min(asked, max(1, round(free)))
    return _logged(usable, asked, f"{free:.1f} processors are free; {_VARIABLE}={asked} takes them anyway")


def allowed_processors() -> float:
    """Processors this process may run on, no more than the quota of its control group."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(float(count), _quota())


def free_processors() -> float:
    """Processors, of those this process may run on, that nobody uses now; this call takes a moment."""
    shares = psutil.cpu_percent(_LOOK, percpu=True)
    own = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(len(shares))
    return sum(1 - share / 100 for number, share in enumerate(shares) if number in own)


def _quota() -> float:
    """Processors' worth of time that the control group grants; infinite without a limit."""
    both, quota, period = _QUOTAS
    with contextlib.suppress(OSError, ValueError):
        granted, every = both.read_text().split()
        return int(granted) / int(every) if granted != "max" else math.inf
    with contextlib.suppress(OSError, ValueError):
        granted = quota.read_text().strip()
        return int(granted) / int(period.read_text()) if int(granted) > 0 else math.inf
    return math.inf


def _logged(usable: int, asked: int, reason: str) -> int:
    if usable < asked:
        log.info("trainer.threads: %d of %d, because %s", usable, asked, reason)
    return usable
