"""Parameters of the transfer tests; nothing heavy is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param
from framework.rl.budget import Budget
from framework_hide_seek.config import ArenaConfig


@dataclass(frozen=True, kw_only=True)
class LockAndReturnConfig(ArenaConfig):
    """Parameters of lock and return; the defaults are the released environment's."""

    rooms: Annotated[int, Param("rooms", ge=1, le=6)] = 6
    steps: Annotated[int, Param("of an episode", unit="env steps", ge=1)] = 120


@dataclass(frozen=True, kw_only=True)
class SequentialLockConfig(ArenaConfig):
    """Parameters of sequential lock; the defaults are the released environment's."""

    boxes: Annotated[int, Param("boxes to be locked", ge=1, le=6)] = 4
    ramps: Annotated[int, Param("ramps, one for each of the three rooms", ge=0, le=3)] = 3
    steps: Annotated[int, Param("of an episode", unit="env steps", ge=1)] = 120


@dataclass(frozen=True, kw_only=True)
class BlueprintConfig(ArenaConfig):
    """Parameters of blueprint construction; the defaults are the released environment's."""

    boxes: Annotated[int, Param("boxes", ge=1, le=9)] = 8
    sites: Annotated[int, Param("sites that want a box, at most", ge=1, le=6)] = 4
    fewest_sites: Annotated[int, Param("fewest of them", ge=1, le=6)] = 1
    steps: Annotated[int, Param("of an episode", unit="env steps", ge=1)] = 150

    def __post_init__(self) -> None:
        if not self.fewest_sites <= self.sites <= self.boxes:
            raise ValueError(
                f"{self.fewest_sites} to {self.sites} sites for {self.boxes} boxes: fewest_sites is at most "
                "sites, and sites at most boxes"
            )


@dataclass(frozen=True, kw_only=True)
class ShelterConfig(ArenaConfig):
    """Parameters of shelter construction; the defaults are the released environment's."""

    boxes: Annotated[int, Param("boxes", ge=1, le=9)] = 8
    elongated: Annotated[int, Param("of them elongated", ge=0, le=9)] = 3
    narrowest: Annotated[float, Param("least diameter of the cylinder", unit="m", ge=0.2, le=2)] = 1.5
    widest: Annotated[float, Param("greatest diameter of it", unit="m", ge=0.2, le=2)] = 2.0
    rays: Annotated[int, Param("from each side of the floor, which look for the cylinder", ge=1)] = 25
    steps: Annotated[int, Param("of an episode", unit="env steps", ge=1)] = 240

    def __post_init__(self) -> None:
        if self.elongated > self.boxes:
            raise ValueError(f"elongated: {self.elongated} is more than boxes: {self.boxes}")
        if self.narrowest > self.widest:
            raise ValueError(f"narrowest: {self.narrowest} is more than widest: {self.widest}")


@dataclass(frozen=True, kw_only=True)
class ObjectCountingConfig(ArenaConfig):
    """Parameters of object counting."""

    boxes: Annotated[int, Param("boxes that go to one side or the other", ge=1, le=6)] = 6
    every: Annotated[int, Param("between two that set out", unit="env steps", ge=1)] = 6
    after: Annotated[
        int,
        Param("that an episode goes on after the last set out; 15 bring it there", unit="env steps", ge=1),
    ] = 20


@dataclass(frozen=True, kw_only=True)
class CounterConfig:
    """Parameters of a classifier that reads a memory."""

    budget: Annotated[Budget, Param("how long to train: {env_steps: 100_000}")]
    epochs: Annotated[int, Param("times that all episodes so far are gone through in each round", ge=1)] = 4
    batch_size: Annotated[int, Param("episodes in an update", ge=1)] = 64
    learning_rate: Annotated[float, Param("step size of the optimiser, Adam", gt=0)] = 3e-3
    seed: Annotated[int, Param("seed of the episodes and of their order", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class CountedConfig:
    """Parameters of the evaluator of a classifier."""

    episodes: Annotated[int, Param("episodes that were not learnt from", unit="episodes", ge=1)] = 256
    every: Annotated[
        int, Param("how often to evaluate during training, in units of the budget; 0 for never", ge=0)
    ] = 0
    seed: Annotated[int, Param("seed of the episodes", ge=0)] = 0
