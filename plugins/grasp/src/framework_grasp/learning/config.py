"""Parameters of the training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework import Param
from framework.supervised.config import DescentConfig


@dataclass(frozen=True, kw_only=True)
class GraspTrainingConfig(DescentConfig):
    """How long and from what planner and evaluator learn."""

    scenes: Annotated[
        int,
        Param(
            "training budget: number of scenes to train on, repeats included",
            unit="scenes",
            ge=1,
            may_change=True,
        ),
    ] = 60_000
    batch_size: Annotated[int, Param("scenes per optimiser step on each device", unit="scenes", ge=1)] = 32
    trials: Annotated[
        int, Param("trials per scene and step that the evaluator learns from", unit="trials", ge=1)
    ] = 16
    ema: Annotated[
        float | None,
        Param("EMA decay rate of the weights, the average being evaluated; null: none", ge=0, lt=1),
    ] = 0.995
    lr: Annotated[float, Param("peak learning rate, reached after the warm-up", gt=0)] = 1e-3
    weight_decay: Annotated[float, Param("weight decay of AdamW, on matrices only", ge=0)] = 0.01
    final_lr: Annotated[
        float, Param("learning rate at the end of the cosine, as a share of `lr`", ge=0, le=1)
    ] = 0.02
    augment: Annotated[
        bool, Param("whether scenes with one view are turned by quarters, mirrored and shifted")
    ] = True
    shift: Annotated[int, Param("augmentation: farthest shift", unit="pixels", ge=0)] = 4
