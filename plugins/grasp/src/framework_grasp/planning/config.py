"""Parameters of the models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from framework import Param, Part
from framework.errors import UserError

#: What a convolution's channels are multiples of: they are normalised in as many groups.
MULTIPLE = 4

Channels: TypeAlias = Annotated[
    int,
    Param(
        f"channels at a quarter of the resolution, a multiple of {MULTIPLE}; more where it is coarser",
        ge=MULTIPLE,
    ),
]


@dataclass(frozen=True, kw_only=True)
class PlannerConfig:
    """The box of grasps, and what reads depth views."""

    reach: Annotated[float, Param("grasps are this far from the middle along x and y", unit="m", gt=0)] = 0.12
    top: Annotated[float, Param("grasps are up to this high above the table", unit="m", gt=0)] = 0.2
    channels: Channels = 16
    features: Annotated[int, Param("numbers that describe the whole scene", ge=1)] = 64

    def __post_init__(self) -> None:
        check_channels(self.channels)


@dataclass(frozen=True, kw_only=True)
class AutoregressiveConfig(PlannerConfig):
    """Parameters of the planner that draws one dimension after another."""

    buckets: Annotated[int, Param("buckets that every dimension is cut into", ge=1)] = 24
    width: Annotated[int, Param("width of the hidden layers", ge=1)] = 128


@dataclass(frozen=True, kw_only=True)
class RegressionConfig(PlannerConfig):
    """Parameters of a regression to one grasp."""

    width: Annotated[int, Param("width of the hidden layer", ge=1)] = 128


@dataclass(frozen=True, kw_only=True)
class MixtureConfig(RegressionConfig):
    """Parameters of a mixture density network."""

    components: Annotated[int, Param("components of the mixture", ge=1)] = 8


@dataclass(frozen=True, kw_only=True)
class EvaluatorConfig:
    """Parameters of the evaluator of single grasps."""

    channels: Annotated[
        int,
        Param(
            f"channels of the first convolution, a multiple of {MULTIPLE}; more below",
            ge=MULTIPLE,
        ),
    ] = 8
    rows: Annotated[int, Param("height of the crop, across the hand", unit="cells", ge=4)] = 18
    columns: Annotated[int, Param("width of the crop, along which the hand closes", unit="cells", ge=4)] = 48
    height: Annotated[float, Param("height of a cell", unit="m", gt=0)] = 0.006
    width: Annotated[
        float, Param("width of a cell: whether the open hand fits is a matter of mm", unit="m", gt=0)
    ] = 0.003

    def __post_init__(self) -> None:
        check_channels(self.channels)


@dataclass(frozen=True, kw_only=True)
class GrasperConfig:
    """A planner and an evaluator."""

    planner: Annotated[
        Any, Part("model"), Param("what proposes grasps, such as grasp/autoregressive_planner")
    ]
    evaluator: Annotated[
        Annotated[Any, Part("model")] | None, Param("what chooses among proposals; null for the likeliest")
    ] = None
    weights: Annotated[Path | None, Param("checkpoint of an equal model to begin with")] = None


def check_channels(channels: int) -> None:
    """Refuse channels that cannot be normalised in groups.

    Raises:
        UserError: the number is no multiple.
    """
    if channels % MULTIPLE:
        raise UserError(f"channels: {channels} is no multiple of {MULTIPLE}, as groups of them are")
