"""Parameters of curious learning; no torch is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from framework.component import Param
from framework.rl.on_policy.config import PPOConfig


@dataclass(frozen=True, kw_only=True)
class CuriousConfig(PPOConfig):
    """Parameters of proximal policy optimisation for what is new."""

    bonus: Annotated[
        Literal["counts", "random_network"],
        Param("what is new: a cell of a grid seldom visited, or what a network foretells badly"),
    ] = "random_network"
    bonus_weight: Annotated[float, Param("of the bonus in the reward", ge=0)] = 1.0
    reward_weight: Annotated[float, Param("of what the environment gives", ge=0)] = 0.0
    seen: Annotated[
        dict[str, tuple[int, ...]] | None,
        Param(
            "the numbers of dict observations that states are told apart by, along their last axis, "
            "{position: [0, 1]}; an empty list for all of a part; null for everything"
        ),
    ] = None
    cell: Annotated[float, Param("of counts: edge of the cells, in the observations' unit", gt=0)] = 0.5
    projection: Annotated[
        int, Param("of counts: numbers that states of more are projected to at random", ge=1)
    ] = 8
    features: Annotated[int, Param("of random_network: numbers that the random network says", ge=1)] = 32
    hidden: Annotated[
        tuple[int, ...], Param("of random_network: units in each hidden layer of both networks", ge=1)
    ] = (64, 64)
