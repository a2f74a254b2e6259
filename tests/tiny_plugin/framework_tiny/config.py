from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from framework import Param, Part


@dataclass(frozen=True, kw_only=True)
class PointsConfig:
    slope: Annotated[float, Param("of the line the points lie on")] = 2.0
    noise: Annotated[float, Param("standard deviation", ge=0)] = 0.1
    seed: Annotated[int, Param("of the points")] = 0


@dataclass(frozen=True, kw_only=True)
class MakerConfig:
    shards: Annotated[int, Param("of ten points each", ge=1)] = 4
    slope: Annotated[float, Param("of the line the points lie on")] = 2.0
    pause_at: Annotated[int, Param("wait in the middle of this shard while the file `hold` is there")] = 2
    hold: Annotated[Path | None, Param("the file")] = None


@dataclass(frozen=True, kw_only=True)
class RecordedConfig:
    folder: Annotated[Path, Param("of shards")]


@dataclass(frozen=True, kw_only=True)
class TableConfig:
    log: Annotated[Path, Param("file that gets a line each time the table is made")]


@dataclass(frozen=True, kw_only=True)
class LineConfig:
    bias: Annotated[bool, Param("whether the line need not go through the origin")] = True
    weights: Annotated[Path | None, Param("checkpoint to start from")] = None


@dataclass(frozen=True, kw_only=True)
class DescentConfig:
    steps: Annotated[int, Param("of gradient descent", ge=1, may_change=True)] = 20
    lr: Annotated[float, Param("learning rate", gt=0)] = 0.1
    batch: Annotated[list[int], Param("points in a batch, one size after the other", ge=1)] = (8,)
    pause: Annotated[float, Param("before every step", unit="s", ge=0)] = 0.0
    pause_at: Annotated[int, Param("wait at this step, 0 for none, while the file `hold` is there", ge=0)] = 0
    hold: Annotated[Path | None, Param("the file")] = None
    fail_at: Annotated[int, Param("raise at this step; 0 for never", ge=0)] = 0
    fail_while: Annotated[Path | None, Param("raise only while this file is there")] = None
    die_at: Annotated[int, Param("end the process with SIGKILL at this step; 0 for never", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class FittingConfig:
    lr: Annotated[float, Param("learning rate", gt=0)] = 0.1
    fail_at: Annotated[int, Param("raise at this step; 0 for never", ge=0)] = 0
    fail_while: Annotated[Path, Param("raise only while this file is there")] = Path("fail")


@dataclass(frozen=True, kw_only=True)
class CountingConfig:
    of: Annotated[Any, Part("algorithm"), Param("whose steps are counted")]
    seed: Annotated[int, Param("the experiment's")] = 0


@dataclass(frozen=True, kw_only=True)
class ErrorConfig:
    every: Annotated[int, Param("steps between two looks; 0 for never", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class SlowConfig:
    fail_at: Annotated[int, Param("raise at this point", ge=0)] = 0
    fail_while: Annotated[Path | None, Param("raise only while this file is there")] = None
