"""Parameters of the evaluator `glide/clip_accuracy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param


@dataclass(frozen=True, kw_only=True)
class ClipAccuracyConfig:
    """What a noised CLIP has to find, and in how much noise."""

    split: Annotated[str, Param("split of the environment to evaluate on")] = "validation"
    images: Annotated[
        int, Param("maximum number of images to evaluate, the first of the split", unit="images", ge=2)
    ] = 1024
    candidates: Annotated[
        int,
        Param(
            "number of captions to find an image's own among, and of images to find a caption's among", ge=2
        ),
    ] = 64
    timesteps: Annotated[
        tuple[int, ...], Param("diffusion timesteps to evaluate at; 0 is the cleanest", ge=0)
    ] = (
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
    every: Annotated[
        int, Param("training images between two evaluations during training; 0: none", unit="images", ge=0)
    ] = 0
    seed: Annotated[int, Param("seed of the noise; default: the experiment's", ge=0)] = 0
