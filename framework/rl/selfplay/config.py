"""Parameters of self-play; no torch is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framework.component import Param
from framework.rl.on_policy.config import PPOConfig


@dataclass(frozen=True, kw_only=True)
class SelfPlayConfig(PPOConfig):
    """Parameters of proximal policy optimisation by self-play."""

    past_share: Annotated[
        float,
        Param(
            "of the parallel environments, in which one team plays as it did in the past; 0 for none",
            ge=0,
            le=1,
        ),
    ] = 0.0
    past_every: Annotated[
        int, Param("steps between two copies of the policy that are kept", unit="env steps", ge=1)
    ] = 250_000
    past_kept: Annotated[int, Param("copies kept; of more, the oldest are thrown away", ge=1)] = 10
