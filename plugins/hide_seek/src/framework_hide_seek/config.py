"""Parameters of what this plugin offers; nothing heavy is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param


@dataclass(frozen=True, kw_only=True)
class GameConfig:
    """Parameters of the game."""

    hiders: Annotated[int, Param("agents that hide", ge=1, le=3)] = 2
    seekers: Annotated[int, Param("agents that seek", ge=1, le=3)] = 2
    boxes: Annotated[int, Param("boxes", ge=0, le=9)] = 2
    ramps: Annotated[int, Param("ramps", ge=0, le=2)] = 1
    steps: Annotated[int, Param("of an episode", unit="env steps", ge=1)] = 80
    preparation: Annotated[
        float, Param("share of an episode in which seekers cannot move and nobody earns anything", ge=0, le=1)
    ] = 0.4
    num_envs: Annotated[int, Param("games stepped together", ge=1)] = 64
    threads: Annotated[int, Param("native threads, 0 for one per core; no result depends on it", ge=0)] = 1
    seed: Annotated[int, Param("where the random streams of all games start", ge=0)] = 0
    render_size: Annotated[int, Param("height and width of drawn frames", unit="pixels", ge=16)] = 240
