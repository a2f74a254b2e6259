"""Parameters of the Fetch tasks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from framework import Param


@dataclass(frozen=True, kw_only=True)
class FetchConfig:
    """Parameters of every Fetch task; the defaults are the published tasks."""

    num_envs: Annotated[int, Param("simulations stepped together", ge=1)] = 16
    threads: Annotated[int, Param("native threads, 0 for one per core; no result depends on it", ge=0)] = 0
    reward_type: Annotated[
        Literal["sparse", "dense"], Param("-1 until the goal is reached and then 0, or minus the distance")
    ] = "sparse"
    distance_threshold: Annotated[float, Param("distance at which a goal is reached", unit="m", gt=0)] = 0.05
    max_episode_steps: Annotated[int, Param("length of an episode", unit="env steps", ge=1)] = 50
    seed: Annotated[int, Param("where the random streams of all simulations start", ge=0)] = 0
    randomise: Annotated[
        dict[str, tuple[float, float]],
        Param("drawn anew for every episode; friction, gravity, action_delay or object_mass: [low, high]"),
    ] = field(default_factory=dict)
    render_size: Annotated[int, Param("height and width of rendered frames", unit="pixels", ge=16)] = 480
