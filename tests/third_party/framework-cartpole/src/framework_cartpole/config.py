"""The parameters of every component. Imports nothing heavy: recipes are checked fast."""

from dataclasses import dataclass
from typing import Annotated

from framework import Param


@dataclass(frozen=True, kw_only=True)
class BalanceConfig:
    """A cart and pole, many times."""

    num_envs: Annotated[int, Param("copies that run side by side", ge=1)] = 16
    max_episode_steps: Annotated[int, Param("length of an episode", unit="env steps", ge=1)] = 200


@dataclass(frozen=True, kw_only=True)
class PolicyConfig:
    """A network with one hidden layer."""

    hidden: Annotated[int, Param("width of the hidden layer", ge=1)] = 32


@dataclass(frozen=True, kw_only=True)
class ReinforceConfig:
    """How to learn, and for how long."""

    updates: Annotated[
        int, Param("gradient steps, each from one episode per copy", ge=1, may_change=True)
    ] = 60
    lr: Annotated[float, Param("learning rate of Adam", gt=0)] = 0.01
    discount: Annotated[float, Param("weight of the next reward against this one", ge=0, le=1)] = 0.99
    seed: Annotated[int, Param("of episodes and actions; the experiment's if not given", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class MeanReturnConfig:
    """How much to look at."""

    episodes: Annotated[int, Param("episodes to average over", ge=1)] = 32
    every: Annotated[int, Param("episodes between two looks during training; 0 for none", ge=0)] = 0
