"""Parameters of the model, the algorithm and the evaluator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from framework import Param
from framework.rl.off_policy.config import ActorQConfig, DelayedConfig, TruncatedConfig
from framework_her.demonstrations.config import LearningConfig


@dataclass(frozen=True, kw_only=True)
class ActorCriticConfig(ActorQConfig):
    """Parameters of the goal-conditioned actor and critic."""

    hidden: Annotated[tuple[int, ...], Param("units in each hidden layer, of all networks", ge=1)] = (
        256,
        256,
        256,
    )
    observations: Annotated[tuple[str, ...] | None, Param("what the networks see")] = (
        "observation",
        "desired_goal",
    )
    normalize: Annotated[
        bool, Param("scale inputs to zero mean and unit variance, by what was seen in training")
    ] = True

    def __post_init__(self) -> None:
        if self.observations != ("observation", "desired_goal"):
            raise ValueError("observations: hindsight gives the networks observation and desired_goal")


@dataclass(frozen=True, kw_only=True)
class HindsightConfig(DelayedConfig, TruncatedConfig):
    """Parameters of Hindsight Experience Replay; the defaults are close to the published ones."""

    learner: Annotated[
        Literal["ddpg", "td3", "sac", "tqc"],
        Param(
            "what learns from what is replayed: DDPG as published, or as rl/td3, rl/sac and rl/tqc do. Only "
            "ddpg and td3 use `random_action`, `noise`, `action_l2` and `clip_targets`; td3 alone "
            "`policy_delay` and `target_noise`; the others `temperature` and what belongs to it"
        ),
    ] = "ddpg"
    strategy: Annotated[
        Literal["final", "future", "episode", "random"],
        Param(
            "which achieved goals stand in for the original one: the episode's last, or any later in it, "
            "anywhere in it, or anywhere in the buffer (section 4.5)"
        ),
    ] = "future"
    k: Annotated[
        int, Param("replayed transitions with another goal for each with its own; 0 for none", ge=0)
    ] = 4
    updates_per_cycle: Annotated[
        int, Param("gradient updates in one cycle of training", unit="updates", ge=1)
    ] = 40
    capacity: Annotated[int, Param("rows of the replay buffer; an episode of T steps takes T + 1", ge=1)] = (
        1_000_000
    )
    discount: Annotated[float, Param("worth of a reward one step later, γ in the paper", ge=0, lt=1)] = 0.98
    learning_rate: Annotated[float, Param("step size of the optimiser, Adam, of both networks", gt=0)] = 1e-3
    tau: Annotated[
        float, Param("share of the way that target networks follow the trained ones, per update", gt=0, le=1)
    ] = 0.003
    action_l2: Annotated[float, Param("weight of the mean squared action in the policy's loss", ge=0)] = 1.0
    clip_targets: Annotated[
        bool,
        Param(
            "cut the values learned towards to [-1 / (1 - discount), bonus / (1 - discount)], which is all "
            "that rewards in [-1, 0] and the bonus can add up to"
        ),
    ] = True
    random_action: Annotated[
        float, Param("probability of a uniformly random action while collecting", ge=0, le=1)
    ] = 0.3
    noise: Annotated[
        float, Param("standard deviation of the noise on all other actions, which are in [-1, 1]", ge=0)
    ] = 0.2
    bonus: Annotated[
        float,
        Param(
            "count-based exploration: what the first visit to a cell of a grid is worth, as a reward; "
            "the Nth is worth bonus / √N; 0 for none",
            ge=0,
        ),
    ] = 0.0
    bonus_cell: Annotated[
        float,
        Param("edge of these cells, of the achieved goal seen from the desired one", unit="m", gt=0),
    ] = 0.01
    moved_weight: Annotated[
        float,
        Param("how often to replay episodes in which the achieved goal moved, relative to others", gt=0),
    ] = 1.0
    moved_distance: Annotated[
        float, Param("how far the achieved goal has to get from its start to have moved", unit="m", ge=0)
    ] = 0.01
    keep_reached: Annotated[
        float,
        Param("share of the transitions starting at their goal that is replayed; 1 for all", gt=0, le=1),
    ] = 1.0
    demonstrations: Annotated[
        LearningConfig | None,
        Param("demonstrations to learn from as well: {path: ${output:demonstrations}}; null for none"),
    ] = None
    overlap: Annotated[
        bool, Param("collect the next cycle's experience, in a thread, while learning from what is there")
    ] = True


@dataclass(frozen=True, kw_only=True)
class SuccessRateConfig:
    """Parameters of the success-rate evaluator."""

    episodes: Annotated[int, Param("episodes of the final evaluation", unit="episodes", ge=1)] = 200
    every: Annotated[
        int, Param("how often to evaluate during training, in units of the budget; 0 for never", ge=0)
    ] = 10_000
    monitor_episodes: Annotated[
        int, Param("episodes of each evaluation during training", unit="episodes", ge=1)
    ] = 32
    film: Annotated[
        int, Param("how many of the final episodes to film, in the report", unit="episodes", ge=0)
    ] = 0
    seed: Annotated[int, Param("seed of the evaluation episodes", ge=0)] = 0
