"""Fair ratios on a busy machine: contenders take turns, and the medians of rounds are compared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

Clock: TypeAlias = Literal["cpu", "wall"]


class Work(NamedTuple):
    """What a contender did.

    Attributes:
        units: how much.
        cpu: CPU-seconds it took, for work done in another process; None to measure this one.
    """

    units: float
    cpu: float | None = None


Contender: TypeAlias = Callable[[], Work]


@dataclass(frozen=True)
class Rates:
    """Units per second of each contender in each round, by CPU time and by wall-clock.

    Attributes:
        cpu: per CPU-second of the whole process, all its threads counted.
        wall: per second of wall-clock.
    """

    cpu: Mapping[str, list[float]]
    wall: Mapping[str, list[float]]

    def rate(self, name: str, clock: Clock) -> float:
        """Median units per second."""
        return float(statistics.median(getattr(self, clock)[name]))

    def ratio(self, name: str, other: str, clock: Clock) -> float:
        """How many times as fast as `other`: the median over rounds."""
        rates: Mapping[str, list[float]] = getattr(self, clock)
        return statistics.median(a / b for a, b in zip(rates[name], rates[other], strict=True))


def take_turns(contenders: Mapping[str, Contender], rounds: int = 7) -> Rates:
    """Time contenders in turns, so that what else the machine does hits all alike.

    Args:
        contenders: by name, something that works for a moment (0.3 s or more) and says how much
            it did. Each runs once untimed first.
        rounds: how often each is timed; every other round goes through them backwards.
    """
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    wall: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run()
    for number in range(rounds):
        order = list(contenders) if number % 2 == 0 else list(contenders)[::-1]
        for name in order:
            start_wall, start_cpu = time.perf_counter(), time.process_time()
            work = contenders[name]()
            own = time.process_time() - start_cpu
            cpu[name].append(work.units / (own if work.cpu is None else work.cpu))
            wall[name].append(work.units / (time.perf_counter() - start_wall))
    return Rates(cpu, wall)


@dataclass
class Scores:
    """Prints one line per figure and remembers which missed their targets."""

    missed: list[str] = field(default_factory=list)

    def at_least(self, what: str, value: float, target: float) -> None:
        """Print a figure that should not be smaller than its target."""
        self._line(what, value, f">= {target:g}", value >= target)

    def at_most(self, what: str, value: float, target: float) -> None:
        """Print a figure that should not be larger than its target."""
        self._line(what, value, f"<= {target:g}", value <= target)

    def skip(self, what: str, why: str) -> None:
        """Say why a figure is not there."""
        print(f"{what:<72} skipped: {why}", flush=True)

    def exit_code(self) -> int:
        """0 if every target was met, else 1, after naming those that were not."""
        for what in self.missed:
            print(f"missed: {what}")
        return 1 if self.missed else 0

    def _line(self, what: str, value: float, target: str, met: bool) -> None:
        print(f"{what:<72} {value:8.3f}   target {target:<8} {'ok' if met else 'MISSED'}", flush=True)
        if not met:
            self.missed.append(what)
