from __future__ import annotations

import os
import signal

import pytest

from framework.interruption import Interrupted, interruptible


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGUSR1, 138)]
)
def test_a_signal_is_raised_where_nobody_defers_it(signum: int, code: int) -> None:
    before = signal.getsignal(signum)
    with pytest.raises(Interrupted) as caught, interruptible():
        os.kill(os.getpid(), signum)
    assert caught.value.exit_code == code
    assert signal.getsignal(signum) is before


def test_a_deferred_signal_waits_for_the_end_of_the_step() -> None:
    done = []
    with pytest.raises(Interrupted), interruptible() as interruption, interruption.defer():
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.signum == signal.SIGTERM
        done.append("step")
    assert done == ["step"]


def test_the_second_signal_does_not_wait() -> None:
    with pytest.raises(Interrupted), interruptible() as interruption, interruption.defer():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("still here")
