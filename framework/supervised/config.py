"""Parameters that algorithms of this kit share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from framework.component import Param

#: "auto" is bfloat16 where the processor multiplies it natively.
Precision: TypeAlias = Literal["auto", "float32", "bfloat16"]


@dataclass(frozen=True, kw_only=True)
class DescentConfig:
    """AdamW, a warm-up and a cosine."""

    lr: Annotated[float, Param("peak learning rate, reached after the warm-up", gt=0)] = 1e-3
    warmup_steps: Annotated[int, Param("steps of linear warm-up from 0", ge=0)] = 100
    final_lr: Annotated[
        float, Param("learning rate at the end of the cosine, as a share of `lr`", ge=0, le=1)
    ] = 0.1
    beta1: Annotated[float, Param("decay rate of AdamW's average of gradients", ge=0, lt=1)] = 0.9
    beta2: Annotated[float, Param("decay rate of AdamW's average of squared gradients", ge=0, lt=1)] = 0.999
    eps: Annotated[float, Param("added to AdamW's denominator", gt=0)] = 1e-8
    weight_decay: Annotated[float, Param("weight decay of AdamW, on matrices only", ge=0)] = 0.0
    clip: Annotated[
        float,
        Param("maximum norm of the gradient; 0: no clipping; trainer.gradient_clip_val overrides it", ge=0),
    ] = 1.0
    seed: Annotated[int, Param("seed of the order of the data; default: the experiment's", ge=0)] = 0
