"""Parameters of the Fetch tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from framework import Param
from framework_her.goal_config import GoalConfig


@dataclass(frozen=True, kw_only=True)
class ArmConfig(GoalConfig):
    """Parameters of everything a Fetch arm does."""

    randomise: Annotated[
        dict[str, tuple[float, float]],
        Param("drawn anew for every episode; friction, gravity, action_delay or object_mass: [low, high]"),
    ] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FetchConfig(ArmConfig):
    """Parameters of every Fetch task; the defaults are the published tasks."""

    reward_type: Annotated[
        Literal["sparse", "dense"], Param("-1 until the goal is reached and then 0, or minus the distance")
    ] = "sparse"
    distance_threshold: Annotated[float, Param("distance at which a goal is reached", unit="m", gt=0)] = 0.05
    goal: Annotated[
        tuple[float, float, float] | None,
        Param("where the goal is in every episode, instead of anywhere: x, y, z", unit="m"),
    ] = None
    max_episode_steps: Annotated[int, Param("length of an episode", unit="env steps", ge=1)] = 50
