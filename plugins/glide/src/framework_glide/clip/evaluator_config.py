"""Parameters of the evaluator `glide/clip_accuracy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param


@dataclass(frozen=True, kw_only=True)
class ClipAccuracyConfig:
    """What a noised CLIP has to find, and in how much noise."""

    split: Annotated[str, Param("of the environment")] = "validation"
    images: Annotated[int, Param("pictures looked at, the first of the split", unit="images", ge=2)] = 1024
    candidates: Annotated[
        int, Param("captions that each picture's is found among, and the other way round", ge=2)
    ] = 64
    timesteps: Annotated[tuple[int, ...], Param("noise levels: original timesteps, 0 the cleanest", ge=0)] = (
        0,
        100,
        200,
        300,
        400,
        500,
        600,
        700,
        800,
        900,
        999,
    )
    every: Annotated[int, Param("between two looks during the training; 0 for none", unit="images", ge=0)] = 0
    seed: Annotated[int, Param("of the noise; the experiment's if not given", ge=0)] = 0
