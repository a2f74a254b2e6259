"""Parameters of making tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from framework import Param, Part
from framework_codex.evaluation.config import DrawConfig, RunConfig, SelectConfig

_REPEATS = "times a solution is run, each in a sandbox of its own; one that does not always pass is dropped"


@dataclass(frozen=True, kw_only=True)
class TracedTasksConfig(RunConfig):
    """Parameters of tasks traced while a test suite runs (section 4.2)."""

    tests: Annotated[
        tuple[str, ...],
        Param("what Python is to run, here and without a sandbox, such as [-m, pytest, -q, tests]"),
    ]
    traced: Annotated[
        str, Param("whose functions become tasks: a folder, a file, or the name of an installed package")
    ]
    most_calls: Annotated[int, Param("different calls of a function that are kept", ge=1)] = 20
    least_calls: Annotated[int, Param("different calls a function needs to become a task", ge=1)] = 3
    seconds: Annotated[float, Param("maximum time of the test suite", unit="s", gt=0)] = 600.0
    repeats: Annotated[int, Param(_REPEATS, ge=1)] = 2

    def __post_init__(self) -> None:
        if not self.tests:
            raise ValueError("tests is empty: give what Python is to run, such as [-m, pytest, -q, tests]")


@dataclass(frozen=True, kw_only=True)
class SolvedTasksConfig(RunConfig, SelectConfig, DrawConfig):
    """Parameters of tasks that a model's samples solve (section 4.3)."""

    problems: Annotated[
        Any, Part("environment"), Param("where the problems are from, such as codex/problems")
    ]
    model: Annotated[Any, Part("model"), Param("what draws samples of them")]
    temperature: Annotated[float, Param("sampling temperature", ge=0)] = 0.8
    repeats: Annotated[int, Param(_REPEATS, ge=1)] = 2
