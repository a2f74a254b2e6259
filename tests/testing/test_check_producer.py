"""check_producer: a right producer passes, each fault is named."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from framework import Component
from framework.contracts import Progress
from framework.plugins import Plugin
from framework.registry import Registry
from framework.shards import Shards
from framework.testing import check_environment, check_producer


class Right:
    """Three shards of a line each."""

    done = staticmethod(lambda index: index + 1)

    def __init__(self) -> None:
        self.made = 0

    def produce(self, folder: Path, progress: Callable[[Progress], None]) -> None:
        shards = Shards(folder)
        for index in range(3):
            if self.wanted(shards, index):
                with shards.write(f"{index}.txt") as path:
                    path.write_text(self.line(index))
                self.made += 1
            self.tell(progress, Progress(self.done(index), 3, "lines"))

    def wanted(self, shards: Shards, index: int) -> bool:
        return f"{index}.txt" not in shards.finished()

    def line(self, index: int) -> str:
        return f"line {index}\n"

    def tell(self, progress: Callable[[Progress], None], now: Progress) -> None:
        progress(now)


class StartsOver(Right):
    def wanted(self, shards: Shards, index: int) -> bool:
        return True


class Drifts(Right):
    def line(self, index: int) -> str:
        return f"line {self.made}\n"


class Swallows(Right):
    def tell(self, progress: Callable[[Progress], None], now: Progress) -> None:
        with contextlib.suppress(BaseException):
            progress(now)


class StopsShort(Right):
    done = staticmethod(lambda index: index)


class FallsBack(Right):
    done = staticmethod(lambda index: 3 - index)


class Silent(Right):
    def tell(self, progress: Callable[[Progress], None], now: Progress) -> None:
        pass


class Nothing:
    """Not one."""


FAULTS = {
    StartsOver: "files when asked again, times of writing",
    Drifts: "what is made after a stop, digests",
    Swallows: "produce goes on when progress raises",
    StopsShort: "ends at 2 of 3 lines",
    FallsBack: "progress falls from 3 to 2",
    Silent: "never calls progress",
    Nothing: "returned a Nothing, which is not a gymnasium.vector.VectorEnv",
}


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [
        Component(
            part.__name__,
            f"{__name__}:{part.__name__}",
            plugin="fake",
            kind="environment",
            produces=True,
        )
        for part in (Right, *FAULTS)
    ]
    made.append(Component("Undeclared", f"{__name__}:Right", plugin="fake", kind="environment"))
    fake = Registry([Plugin("fake", "framework-fake", "1.0", components=made)])
    monkeypatch.setattr("framework.testing.sections.installed", lambda: fake)


def test_a_right_one_passes() -> None:
    check_producer("fake/Right")
    check_environment("fake/Right")


@pytest.mark.parametrize(
    ("fault", "message"), FAULTS.items(), ids=lambda value: getattr(value, "__name__", "")
)
def test_a_fault_is_named(fault: type, message: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(message)):
        check_producer(f"fake/{fault.__name__}")


def test_what_is_not_declared() -> None:
    with pytest.raises(AssertionError, match="its component lacks produces=True"):
        check_producer("fake/Undeclared")
