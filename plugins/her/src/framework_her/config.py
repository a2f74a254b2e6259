"""Parameters of the model, the algorithm and the evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from framework import Param
from framework.rl.budget import Budget


@dataclass(frozen=True, kw_only=True)
class ActorCriticConfig:
    """Parameters of the goal-conditioned actor and critic."""

    hidden: Annotated[tuple[int, ...], Param("units of the hidden layers of both networks", ge=1)] = (
        256,
        256,
        256,
    )
    normalizer_eps: Annotated[float, Param("least standard deviation inputs are divided by", gt=0)] = 0.01
    normalizer_clip: Annotated[float, Param("bound of the normalised inputs", gt=0)] = 5.0
    weights: Annotated[
        Path | None, Param("checkpoint to start from; networks and normalisers are taken from it")
    ] = None


@dataclass(frozen=True, kw_only=True)
class HindsightConfig:
    """Parameters of DDPG with Hindsight Experience Replay; the defaults are near the published ones."""

    budget: Annotated[Budget, Param("how long to train: {env_steps: 300_000} or {updates: 20_000}")]
    strategy: Annotated[
        Literal["final", "future", "episode", "random"],
        Param("where goals that replace the original come from (section 4.5)"),
    ] = "future"
    k: Annotated[
        int, Param("replayed transitions with a hindsight goal per one with its own; 0 is DDPG", ge=0)
    ] = 4
    steps_per_cycle: Annotated[
        int, Param("steps of every parallel environment per cycle", unit="env steps", ge=1)
    ] = 50
    updates_per_cycle: Annotated[int, Param("gradient updates per cycle", unit="updates", ge=1)] = 40
    batch_size: Annotated[int, Param("transitions per update", ge=1)] = 256
    capacity: Annotated[int, Param("transitions in the replay buffer", ge=1)] = 1_000_000
    discount: Annotated[float, Param("γ", ge=0, lt=1)] = 0.98
    learning_rate: Annotated[float, Param("of Adam, for both networks", gt=0)] = 1e-3
    target_rate: Annotated[float, Param("share of the way that targets follow, per update", gt=0, le=1)] = (
        0.003
    )
    action_l2: Annotated[float, Param("weight of the mean squared action in the actor's loss", ge=0)] = 1.0
    clip_targets: Annotated[
        bool, Param("clip targets to [-1 / (1 - γ), 0], the values that rewards in [-1, 0] can have")
    ] = True
    random_action: Annotated[float, Param("probability of a uniformly random action", ge=0, le=1)] = 0.3
    noise: Annotated[float, Param("standard deviation of the noise on other actions", ge=0)] = 0.2
    moved_weight: Annotated[
        float,
        Param("how often to replay episodes in which the achieved goal moved, relative to others", gt=0),
    ] = 1.0
    moved_distance: Annotated[float, Param("how far it has to get to have moved", unit="m", ge=0)] = 0.01
    keep_reached: Annotated[
        float, Param("share replayed of the transitions that start at their goal; 1 for all", gt=0, le=1)
    ] = 1.0
    overlap: Annotated[bool, Param("collect in a thread of its own while learning")] = True
    matmul: Annotated[
        Literal["highest", "high", "medium"],
        Param("precision of float32 matrix products; medium is still float32 on AMD, and faster"),
    ] = "medium"
    seed: Annotated[int, Param("of exploration, replay and the training environment", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class SuccessRateConfig:
    """Parameters of the success-rate evaluator."""

    episodes: Annotated[int, Param("episodes of the final evaluation", unit="episodes", ge=1)] = 200
    every: Annotated[
        int, Param("units of the budget between two looks during training, 0 for none", ge=0)
    ] = 10_000
    monitor_episodes: Annotated[int, Param("episodes of such a look", unit="episodes", ge=1)] = 32
    seed: Annotated[int, Param("of the evaluation episodes", ge=0)] = 0
