"""Parameters of pictures, of the network that reads them, and of its training; nothing heavy is needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from framework import Param, Part
from framework.supervised.config import DescentConfig, Precision

#: What is different from picture to picture.
Look: TypeAlias = Literal["camera", "light", "colour", "texture"]
LOOKS: tuple[Look, ...] = ("camera", "light", "colour", "texture")


@dataclass(frozen=True, kw_only=True)
class RendersConfig:
    """Parameters of the pictures."""

    environment: Annotated[Any, Part("environment"), Param("dex_hand/reorient: what is drawn, and how often")]
    frames: Annotated[int, Param("states to draw, each from three cameras", unit="frames", ge=1)] = 10_000
    per_shard: Annotated[int, Param("states in one file", unit="frames", ge=1)] = 500
    size: Annotated[int, Param("height and width of pictures", unit="pixels", ge=16)] = 64
    apart: Annotated[
        int, Param("steps from one state of an episode to its next, with one random action", ge=1)
    ] = 5
    randomise: Annotated[
        tuple[Look, ...],
        Param("what is drawn anew for every state; all else is plain"),
    ] = LOOKS
    width: Annotated[
        float, Param("how far looks are from the plain one; 1 as in training, more is beyond that", ge=0)
    ] = 1.0
    one_look: Annotated[bool, Param("draw one look for all states: a renderer setting, to be judged in")] = (
        False
    )
    seed: Annotated[int, Param("seed of states and looks", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class PosesConfig:
    """Parameters of the data set."""

    path: Annotated[Path, Param("pictures as dex_hand/renders makes them, ${output:STAGE}")]
    held_out: Annotated[
        float, Param("share of the states, the last ones, that is not trained on: split `test`", gt=0, le=1)
    ] = 0.1


@dataclass(frozen=True, kw_only=True)
class PoseCNNConfig:
    """Parameters of the network."""

    channels: Annotated[
        tuple[int, ...], Param("of the tower's layers, each of which halves height and width", ge=1)
    ] = (32, 64, 128, 128)
    units: Annotated[int, Param("of the two hidden layers after what the three cameras see", ge=1)] = 256
    precision: Annotated[Precision, Param("precision of convolutions; auto: bfloat16 where it is native")] = (
        "auto"
    )
    weights: Annotated[Path | None, Param("checkpoint to start from")] = None


@dataclass(frozen=True, kw_only=True)
class PoseConfig(DescentConfig):
    """Parameters of the training."""

    steps: Annotated[int, Param("optimiser steps", unit="steps", ge=1)] = 5000
    batch_size: Annotated[int, Param("states in one step, each with three pictures", ge=1)] = 64
    position_weight: Annotated[
        float, Param("of the squared error of the position in cm, where a rotation's is at most 8", ge=0)
    ] = 1.0


@dataclass(frozen=True, kw_only=True)
class PoseErrorConfig:
    """Parameters of the evaluator."""

    batch_size: Annotated[int, Param("states that are read at once", ge=1)] = 256
