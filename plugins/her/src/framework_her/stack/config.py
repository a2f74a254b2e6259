"""Parameters of block stacking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from framework import Param
from framework_her.fetch.config import ArmConfig

STEPS_PER_BLOCK = 50


@dataclass(frozen=True, kw_only=True)
class StackConfig(ArmConfig):
    """Parameters of block stacking."""

    blocks: Annotated[int, Param("height of the tower", unit="blocks", ge=2, le=6)] = 2
    reward_type: Annotated[
        Literal["sparse", "step", "dense"],
        Param(
            "-1 until all blocks are in place and then 0; minus the share of blocks that are not in place; "
            "or minus the mean distance"
        ),
    ] = "sparse"
    distance_threshold: Annotated[
        float, Param("distance at which a block is in place; a block is 0.05 m high", unit="m", gt=0)
    ] = 0.04
    max_episode_steps: Annotated[
        int | None, Param("length of an episode; by default 50 for every block", unit="env steps", ge=1)
    ] = None
