"""Parameters of what this plugin offers; nothing heavy is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Annotated, Any

from framework import Param, Part
from framework.rl.transfer_config import Box, Measured, check_box

#: What can differ between the simulations of `adr/puck`; see `puck.py`.
PUCK = ("turn", "gain", "mass", "damping", "tilt_x", "tilt_y")


@dataclass(frozen=True, kw_only=True)
class RangeConfig:
    """How the range of one parameter grows."""

    step: Annotated[
        float,
        Param("how far a bound moves at a time, in the parameter's unit; with `log`, in its logarithm", gt=0),
    ]
    start: Annotated[
        float | None,
        Param("calibrated value, where both bounds start; null for that of the environment"),
    ] = None
    low: Annotated[
        float | None, Param("least lower bound; null for the least that the environment takes")
    ] = None
    high: Annotated[
        float | None, Param("greatest upper bound; null for the greatest that the environment takes")
    ] = None
    log: Annotated[
        bool,
        Param("whether bounds move, values are drawn and entropy is measured in the natural logarithm"),
    ] = False

    def __post_init__(self) -> None:
        low, high = (-inf if self.low is None else self.low), (inf if self.high is None else self.high)
        if low >= high:
            raise ValueError(f"the range is from low: {low} to high: {high}; high has to be above low")
        if self.start is not None and not low <= self.start <= high:
            raise ValueError(f"start: {self.start} is not between low: {low} and high: {high}")
        least = min(value for value in (self.low, self.start, inf) if value is not None)
        if self.log and least <= 0:
            raise ValueError(f"{least} has no logarithm; with log: true, low and start are above 0")


@dataclass(frozen=True, kw_only=True)
class ADRConfig:
    """Parameters of automatic domain randomization; the defaults are the paper's."""

    inner: Annotated[
        Any,
        # One that collects: what learns from data alone has no episodes.
        Part("algorithm", base="framework.rl.cycle:CycleAlgorithm"),
        Param("what learns, in the environment whose parameters are randomised"),
    ]
    parameters: Annotated[
        dict[str, RangeConfig],
        Param("what is randomised, name: {step: ..., low: ..., high: ...}", settable=True),
    ]
    performance: Measured = "goals"
    low_threshold: Annotated[
        float, Param("a bound moves inwards when performance there is on average this or less (t_L)")
    ] = 10.0
    high_threshold: Annotated[
        float, Param("a bound moves outwards when performance there is on average this or more (t_H)")
    ] = 20.0
    buffer: Annotated[int, Param("episodes that a bound is judged by (m)", unit="episodes", ge=1)] = 240
    boundary_share: Annotated[
        float, Param("share of episodes in which one parameter is at one of its bounds (p_b)", gt=0, le=1)
    ] = 0.5
    floor: Annotated[
        float, Param("entropy that a range is counted with at least; a single value has none", unit="nats")
    ] = -7.0
    seed: Annotated[int, Param("seed of what episodes draw", ge=0)] = 0

    def __post_init__(self) -> None:
        if not self.parameters:
            raise ValueError("parameters: names nothing to randomise: write {mass: {step: 0.1}}")
        low, high = self.low_threshold, self.high_threshold
        if not low < high:
            raise ValueError(
                f"low_threshold: {low} is not below high_threshold: {high}, at which bounds move outwards"
            )
        if self.performance == "success" and not 0 <= low < high <= 1:
            raise ValueError(
                f"thresholds {low} and {high} are not between 0 and 1, as the mean of performance: success is"
            )


@dataclass(frozen=True, kw_only=True)
class RangesConfig:
    """Parameters of the picture of the ranges."""

    columns: Annotated[int, Param("ribbons beside each other", ge=1)] = 3


@dataclass(frozen=True, kw_only=True)
class CurriculumConfig:
    """Parameters of looks at other physics while a policy trains."""

    sets: Annotated[
        dict[str, Box], Param("where to judge, name: {parameter: [low, high]}; {} is the nominal environment")
    ]
    every: Annotated[
        int, Param("how often to look during training, in units of the budget; 0 for never", ge=0)
    ] = 100_000
    performance: Measured = "goals"
    episodes: Annotated[int, Param("episodes in each set, at each look", unit="episodes", ge=2)] = 64
    seed: Annotated[int, Param("seed of parameters and first states; all looks are at the same", ge=0)] = 0

    def __post_init__(self) -> None:
        for name, box in self.sets.items():
            check_box(box, f"sets.{name}: ")
        if not self.sets:
            raise ValueError("there is no set to judge in: write sets: {nominal: {}}")


@dataclass(frozen=True, kw_only=True)
class PuckConfig:
    """Parameters of the puck."""

    steps: Annotated[int, Param("of an episode", unit="env steps", ge=1)] = 200
    radius: Annotated[float, Param("a goal is reached when the puck is so near", unit="m", gt=0)] = 0.1
    goal_reward: Annotated[float, Param("for a goal", ge=0)] = 1.0
    progress_reward: Annotated[
        float, Param("for every metre towards the goal; 0 for a reward at goals alone", ge=0)
    ] = 1.0
    randomise: Annotated[
        dict[str, tuple[float, float]],
        Param("drawn anew for every episode, parameter: [low, high]", settable=True),
    ] = field(default_factory=dict)
    num_envs: Annotated[int, Param("simulations stepped together", ge=1)] = 64
    threads: Annotated[int, Param("native threads, 0 for one per core; no result depends on it", ge=0)] = 1
    seed: Annotated[int, Param("where the random streams of all simulations start", ge=0)] = 0
    render_size: Annotated[int, Param("height and width of rendered frames", unit="pixels", ge=16)] = 240

    def __post_init__(self) -> None:
        check_box(self.randomise, "randomise: ")
