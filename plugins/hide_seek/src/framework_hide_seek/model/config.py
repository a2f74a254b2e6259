"""Parameters of the model; nothing heavy is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from framework import Param


@dataclass(frozen=True, kw_only=True)
class EntitiesConfig:
    """Parameters of a policy of what each agent sees; the defaults are the paper's."""

    filters: Annotated[int, Param("of the convolution around the lidar", ge=1)] = 9
    kernel: Annotated[int, Param("neighbouring rays that each filter sees; odd", ge=1, le=29)] = 3
    embedding: Annotated[int, Param("units that each entity is embedded in", ge=1)] = 128
    heads: Annotated[int, Param("of the attention; they share out the embedding", ge=1)] = 4
    hidden: Annotated[int, Param("units of the layer before the memory", ge=1)] = 256
    units: Annotated[int, Param("of the memory, an LSTM", ge=1)] = 256
    layer_norm: Annotated[bool, Param("normalise what layer and memory put out")] = True
    normalize: Annotated[
        bool, Param("scale observations to zero mean and unit variance, by what was seen in training")
    ] = True
    separate: Annotated[
        bool, Param("give each team networks of its own; otherwise all agents share one's")
    ] = False
    weights: Annotated[
        Path | None, Param("checkpoint to start from; everything is taken from it, but for `renew`")
    ] = None
    renew: Annotated[
        tuple[Literal["hidden", "heads"], ...],
        Param(
            "what starts anew all the same, for another task: the layer before the memory, with its "
            "normalisation; those that actions and values are read from. With any, so does all about "
            "entities that the checkpoint knows nothing of"
        ),
    ] = ()

    def __post_init__(self) -> None:
        if self.renew and self.weights is None:
            raise ValueError("renew: without weights everything starts anew; give a checkpoint")
