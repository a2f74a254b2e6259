"""Parameters that every task of the suite has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param


@dataclass(frozen=True, kw_only=True)
class GoalConfig:
    """How many simulations there are, and what is random in them."""

    num_envs: Annotated[int, Param("simulations stepped together", ge=1)] = 16
    threads: Annotated[int, Param("native threads, 0 for one per core; no result depends on it", ge=0)] = 0
    seed: Annotated[int, Param("where the random streams of all simulations start", ge=0)] = 0
    render_size: Annotated[int, Param("height and width of rendered frames", unit="pixels", ge=16)] = 480
