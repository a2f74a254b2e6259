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

    lr: Annotated[float, Param("highest learning rate", gt=0)] = 1e-3
    warmup_steps: Annotated[int, Param("over which the learning rate rises from 0", ge=0)] = 100
    final_lr: Annotated[float, Param("where the cosine ends, as a share of `lr`", ge=0, le=1)] = 0.1
    beta1: Annotated[float, Param("of Adam", ge=0, lt=1)] = 0.9
    beta2: Annotated[float, Param("of Adam", ge=0, lt=1)] = 0.999
    eps: Annotated[float, Param("of Adam", gt=0)] = 1e-8
    weight_decay: Annotated[float, Param("of matrices, decoupled", ge=0)] = 0.0
    clip: Annotated[
        float,
        Param("norm the gradient is cut to; 0 for none; trainer.gradient_clip_val goes before it", ge=0),
    ] = 1.0
    seed: Annotated[int, Param("of the order of the data; the experiment's if not given", ge=0)] = 0
