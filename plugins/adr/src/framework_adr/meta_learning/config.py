"""Parameters of the suite; nothing heavy is needed to read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from framework import Param
from framework.rl.transfer_config import Against, Box, Named, check_box, check_names


@dataclass(frozen=True, kw_only=True)
class TimePerGoalConfig:
    """Parameters of the time that goals take."""

    physics: Annotated[Box, Param("what each trial's parameters are drawn from, name: [low, high]")]
    broken: Annotated[
        Box,
        Param(
            "what breaks for good at the first change of trials of their own, parameter: [low, high]; "
            "{stuck: [1, 20.9]} is a joint of the hand"
        ),
    ] = field(default_factory=dict)
    goals: Annotated[int, Param("goals that a trial has to reach to be counted", ge=2)] = 50
    after: Annotated[Sequence[int], Param("goals after which something is changed")] = (10, 30)
    trials: Annotated[int, Param("trials of each kind; all kinds begin alike", unit="episodes", ge=2)] = 512
    seed: Annotated[int, Param("seed of parameters and first states", ge=0)] = 0

    def __post_init__(self) -> None:
        check_box(self.physics, "physics: ")
        check_box(self.broken, "broken: ")
        if list(self.after) != sorted(set(self.after)):
            raise ValueError(f"after: {list(self.after)} does not rise")
        if not self.after or self.after[0] < 1 or self.after[-1] >= self.goals:
            raise ValueError(f"after: {list(self.after)} has to be of goals from 1 to {self.goals - 1}")


@dataclass(frozen=True, kw_only=True)
class ProbeConfig:
    """Parameters of the probe of the hidden state."""

    physics: Annotated[Box, Param("what is to be told from the hidden state, name: [low, high]")]
    at: Annotated[Sequence[int], Param("when the hidden state is probed", unit="env steps")] = (
        *(1, 5, 10, 20, 50, 100, 200),
    )
    episodes: Annotated[int, Param("episodes; one in four is kept for testing", unit="episodes", ge=8)] = 2048
    hidden: Annotated[int, Param("units of the probe's hidden layer", ge=1)] = 64
    epochs: Annotated[int, Param("times at most that the probe sees all it learns from", ge=1)] = 200
    against: Against = field(default_factory=dict)
    name: Named = "this"
    seed: Annotated[int, Param("seed of parameters, first states and the probe", ge=0)] = 0

    def __post_init__(self) -> None:
        check_box(self.physics, "physics: ")
        if not self.physics:
            raise ValueError("physics: names nothing to be told: write {mass: [0.5, 2]}")
        if not self.at or list(self.at) != sorted(set(self.at)) or self.at[0] < 1:
            raise ValueError(f"at: {list(self.at)} has to rise, from 1 or more")
        check_names(self.name, self.against)
