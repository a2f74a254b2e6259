"""Parameters of the Shadow hand tasks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from framework import Param
from framework_her.goal_config import GoalConfig


@dataclass(frozen=True, kw_only=True)
class HandReachConfig(GoalConfig):
    """Parameters of HandReach; the defaults are the published task."""

    reward_type: Annotated[
        Literal["sparse", "dense"], Param("-1 until the goal is reached and then 0, or minus the distance")
    ] = "sparse"
    distance_threshold: Annotated[
        float, Param("distance of the 15 coordinates at which a goal is reached", unit="m", gt=0)
    ] = 0.01
    max_episode_steps: Annotated[int, Param("length of an episode", unit="env steps", ge=1)] = 50


@dataclass(frozen=True, kw_only=True)
class ManipulateConfig(GoalConfig):
    """Parameters of all tasks with an object in the hand; the defaults are the published tasks."""

    reward_type: Annotated[
        Literal["sparse", "dense"],
        Param("-1 until the goal is reached and then 0, or minus 10 times the distance minus the angle"),
    ] = "sparse"
    touch: Annotated[
        Literal["none", "boolean", "continuous"],
        Param("whether 92 touch sensors are observed: as 0 or 1, or as forces in newtons"),
    ] = "none"
    rotation_distance: Annotated[
        Literal["published", "shortest"],
        Param(
            "how far a rotation is from its goal: as published, where one rotation's two quaternions are "
            "a full turn apart, or the smallest angle between them"
        ),
    ] = "published"
    distance_threshold: Annotated[float, Param("distance at which a position is reached", unit="m", gt=0)] = (
        0.01
    )
    rotation_threshold: Annotated[float, Param("angle at which a rotation is reached", unit="rad", gt=0)] = (
        0.1
    )
    max_episode_steps: Annotated[int, Param("length of an episode", unit="env steps", ge=1)] = 100


@dataclass(frozen=True, kw_only=True)
class BlockConfig(ManipulateConfig):
    """Parameters of the block in the hand."""

    task: Annotated[
        Literal["rotate_z", "rotate_parallel", "rotate_xyz", "full"],
        Param("goals: turned about z; about z with any face up; in any way; in any way and moved"),
    ] = "full"


@dataclass(frozen=True, kw_only=True)
class EggConfig(ManipulateConfig):
    """Parameters of the egg in the hand."""

    task: Annotated[Literal["rotate", "full"], Param("goals: turned in any way; or also moved")] = "full"


@dataclass(frozen=True, kw_only=True)
class PenConfig(ManipulateConfig):
    """Parameters of the pen in the hand."""

    task: Annotated[
        Literal["rotate", "full"],
        Param("goals: turned in any way, of which its spin does not count; or also moved"),
    ] = "full"
    distance_threshold: Annotated[float, Param("distance at which a position is reached", unit="m", gt=0)] = (
        0.05
    )
