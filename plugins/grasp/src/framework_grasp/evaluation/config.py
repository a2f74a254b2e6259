"""Parameters of the evaluators."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from framework import Param
from framework.errors import UserError
from framework_grasp.objects.units import Unit
from framework_grasp.trials.physics import Precision

#: How large objects are: as they are, or as large as the hand can still hold.
Scale: TypeAlias = Literal["natural", "hard"]

Compared: TypeAlias = Annotated[
    dict[str, Path], Param("other planners to compare with, name: ${checkpoint:STAGE}")
]


@dataclass(frozen=True, kw_only=True)
class SuccessConfig:
    """Which objects are grasped, and how grasps are chosen."""

    objects: Annotated[
        Path | None,
        Param("OBJ or STL file, or folder of them; default: the plugin's household objects"),
    ] = None
    unit: Annotated[Unit, Param("of the lengths in OBJ and STL files")] = "m"
    realistic: Annotated[bool, Param("whether `objects` are grasped")] = True
    poses: Annotated[int, Param("ways in which each of `objects` lies", ge=1)] = 3
    rotations: Annotated[int, Param("turns about the vertical of each way", ge=1)] = 4
    random: Annotated[int, Param("random objects that no training has seen", unit="objects", ge=1)] = 40
    training: Annotated[
        Path | None, Param("dataset trained on, ${output:STAGE}, of whose objects as many are grasped, too")
    ] = None
    scales: Annotated[
        tuple[Scale, ...],
        Param("sizes: as they are, or as large as the hand can still hold, at most 24 cm long"),
    ] = ("natural", "hard")
    friction: Annotated[float, Param("Coulomb's, of objects on pads and table", gt=0, le=5)] = 0.5
    proposals: Annotated[
        tuple[int, ...],
        Param("numbers of samples of the planner that the evaluator chooses from", ge=1),
    ] = (1, 5, 10, 20, 40)
    uniform: Annotated[
        tuple[int, ...],
        Param("numbers of uniform grasps that the evaluator chooses from", ge=1),
    ] = (1, 5, 50, 200)
    beam: Annotated[int, Param("width of the beam, and proposals made by it", ge=1)] = 20
    tries: Annotated[
        int,
        Param("grasps tried in each scene of methods that draw one: sample, uniform, antipodal", ge=1),
    ] = 4
    compared: Compared = field(default_factory=dict)
    precision: Annotated[Precision, Param("timestep of the trials: 4, 2 or 1 ms")] = "fine"
    threads: Annotated[int, Param("threads of the simulation; 0: one per core", ge=0)] = 0
    pictures: Annotated[int, Param("scenes of each set in the picture of distributions", ge=0)] = 6
    seed: Annotated[int, Param("seed of scenes and of what is drawn", ge=0)] = 1

    def __post_init__(self) -> None:
        if not self.scales or not self.proposals:
            raise UserError("grasp/success needs at least one of `scales` and one of `proposals`")


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
