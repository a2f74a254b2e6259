"""Parameters of making demonstrations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from framework import Param, Part


@dataclass(frozen=True, kw_only=True)
class DemonstrationsConfig:
    """Who shows what, how often."""

    environment: Annotated[Any, Part("environment"), Param("the task that is shown")]
    by: Annotated[
        Path | None,
        Param("checkpoint of a trained policy, ${checkpoint:...}; null for the task's scripted expert"),
    ] = None
    episodes: Annotated[int, Param("demonstrations to make", unit="episodes", ge=1)] = 100
    per_shard: Annotated[int, Param("demonstrations in one file", unit="episodes", ge=1)] = 50
    random_action: Annotated[
        float, Param("probability of a uniformly random action instead of the teacher's", ge=0, le=1)
    ] = 0.0
    noise: Annotated[
        float, Param("standard deviation of the noise on all other actions, in [-1, 1]", ge=0)
    ] = 0.0
    only_successes: Annotated[bool, Param("whether episodes that do not end at their goal are left out")] = (
        True
    )
    seed: Annotated[int, Param("seed of first states, goals and noise", ge=0)] = 0
