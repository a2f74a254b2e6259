"""Ctrl-C, SIGTERM and SIGUSR1: finish the step, write a checkpoint, then leave."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: The last is what batch systems are told to send before a job's time is over.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class Interrupted(BaseException):
    """The user or the system asked the run to stop; what was finished is kept."""

    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(signal.Signals(signum).name)

    @property
    def exit_code(self) -> int:
        """128 + signal, as shells report it: 130 for Ctrl-C, 143 for SIGTERM, 138 for SIGUSR1."""
        return 128 + self.signum


class Interruption:
    """Whether a signal came, and whether somebody is there to act on it.

    While `deferred` is set the first signal only sets `signum`, and the training loop
    stops at its next step; otherwise, and at the second signal, `Interrupted` is raised
    where the program stands.
    """

    def __init__(self) -> None:
        self.signum = 0
        self.deferred = False

    @contextmanager
    def defer(self) -> Iterator[None]:
        """Leave the reaction to whoever looks at `signum`; raise at the end if one came."""
        self.deferred = True
        try:
            yield
        finally:
            self.deferred = False
        if self.signum:
            raise Interrupted(self.signum)

    def _handle(self, signum: int, frame: FrameType | None) -> None:
        again = bool(self.signum)
        self.signum = signum
        if again or not self.deferred:
            raise Interrupted(signum)


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Route `SIGNALS` into an `Interruption` (in the main thread; elsewhere do nothing)."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {signum: signal.signal(signum, interruption._handle) for signum in SIGNALS}
    try:
        yield interruption
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
