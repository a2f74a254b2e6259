"""Parameters of the evaluators."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeAlias

from framework import Param

Compared: TypeAlias = Annotated[
    dict[str, Path], Param("other planners to compare with, name: ${checkpoint:STAGE}")
]


@dataclass(frozen=True, kw_only=True)
class LikelihoodConfig:
    """Where likelihood is measured."""

    split: Annotated[str, Param("split of the environment")] = "validation"
    compared: Compared = field(default_factory=dict)
    batch_size: Annotated[int, Param("scenes at once", ge=1)] = 64


@dataclass(frozen=True, kw_only=True)
class CalibrationConfig:
    """Where the evaluator's probabilities are compared with outcomes."""

    split: Annotated[str, Param("split of the environment")] = "validation"
    bins: Annotated[int, Param("bins of the probability", ge=1)] = 10
    batch_size: Annotated[int, Param("scenes at once", ge=1)] = 64


@dataclass(frozen=True, kw_only=True)
class PlanTimeConfig:
    """What is timed."""

    proposals: Annotated[tuple[int, ...], Param("numbers of proposals", ge=1)] = (1, 10, 40)
    plans: Annotated[int, Param("plans that are timed, of one scene each", ge=1)] = 100
