"""Parameters of the evaluators; nothing heavy is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param


@dataclass(frozen=True, kw_only=True)
class StrategiesConfig:
    """Parameters of the evaluator of what teams do."""

    games: Annotated[int, Param("games of the final evaluation", unit="episodes", ge=1)] = 256
    every: Annotated[
        int, Param("how often to evaluate during training, in units of the budget; 0 for never", ge=0)
    ] = 0
    monitor_games: Annotated[
        int, Param("games of each evaluation during training", unit="episodes", ge=1)
    ] = 64
    film: Annotated[int, Param("how many games to film, in the report", unit="episodes", ge=0)] = 0
    seed: Annotated[int, Param("seed of the games", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class CrossPlayConfig:
    """Parameters of the evaluator of how teams of several times fare against each other."""

    every: Annotated[
        int,
        Param("how often to keep a copy that will play, in units of the budget; 0 for never", ge=0),
    ] = 500_000
    games: Annotated[int, Param("games of each pair, with each in either role", unit="episodes", ge=1)] = 64
    seed: Annotated[int, Param("seed of the games, the same ones for all pairs", ge=0)] = 0
