"""Parameters of off-policy learning; no torch is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from framework.component import Param
from framework.rl.budget import Budget
from framework.rl.collect.config import CollectorsConfig


@dataclass(frozen=True, kw_only=True)
class ActorQConfig:
    """Parameters of a policy and its action values."""

    hidden: Annotated[tuple[int, ...], Param("units in each hidden layer, of all networks", ge=1)] = (
        256,
        256,
    )
    observations: Annotated[
        tuple[str, ...] | None, Param("the parts of a dict observation that are seen; null for all")
    ] = None
    normalize: Annotated[
        bool, Param("scale inputs to zero mean and unit variance, by what was seen in training")
    ] = False
    normalizer_eps: Annotated[
        float, Param("smallest standard deviation that inputs are divided by", gt=0)
    ] = 0.01
    normalizer_clip: Annotated[
        float, Param("largest size of a normalised input; larger ones are cut to it", gt=0)
    ] = 5.0
    critics: Annotated[
        int | None, Param("action values that are learned; null for 2, of TQC 5. DDPG has one", ge=1)
    ] = None
    quantiles: Annotated[int, Param("of the return that each critic of TQC tells", ge=1)] = 25
    weights: Annotated[
        Path | None, Param("checkpoint to start from; networks and normalisers are taken from it")
    ] = None


@dataclass(frozen=True, kw_only=True)
class OffPolicyConfig:
    """Parameters of all off-policy algorithms."""

    budget: Annotated[Budget, Param("how long to train: {env_steps: 300_000} or {updates: 20_000}")]
    steps_per_cycle: Annotated[
        int,
        Param("steps that every parallel environment takes in one cycle of training", unit="env steps", ge=1),
    ] = 50
    updates_per_cycle: Annotated[
        int, Param("gradient updates in one cycle of training", unit="updates", ge=1)
    ] = 50
    batch_size: Annotated[int, Param("transitions in one gradient update", ge=1)] = 256
    capacity: Annotated[int, Param("rows of the replay buffer, about the transitions kept", ge=1)] = 1_000_000
    random_steps: Annotated[
        int, Param("steps of random actions before the first update", unit="env steps", ge=0)
    ] = 0
    discount: Annotated[float, Param("worth of a reward one step later, γ in the papers", ge=0, lt=1)] = 0.99
    learning_rate: Annotated[float, Param("step size of the optimisers, Adam, of all networks", gt=0)] = 3e-4
    final_learning_rate: Annotated[
        float | None,
        Param(
            "step size at the end of the budget, to which it falls in its last third; null for no change",
            ge=0,
        ),
    ] = None
    tau: Annotated[
        float, Param("share of the way that target networks follow the trained ones, per update", gt=0, le=1)
    ] = 0.005
    overlap: Annotated[
        bool, Param("collect the next cycle's experience, in a thread, while learning from what is there")
    ] = False
    collectors: Annotated[
        CollectorsConfig, Param("who collects: {use: processes, workers: 4}; by default this process")
    ] = field(default_factory=CollectorsConfig)
    matmul: Annotated[
        Literal["highest", "high", "medium"],
        Param("precision of float32 matrix products; medium is still float32 on AMD processors, and faster"),
    ] = "medium"
    seed: Annotated[int, Param("seed of exploration, replay and the training environment", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class DeterministicConfig(OffPolicyConfig):
    """What policies that draw no actions explore by, and learn by."""

    random_action: Annotated[
        float, Param("probability of a uniformly random action while collecting", ge=0, le=1)
    ] = 0.0
    noise: Annotated[
        float, Param("standard deviation of the noise on all other actions, which are in [-1, 1]", ge=0)
    ] = 0.1
    action_l2: Annotated[float, Param("weight of the mean squared action in the policy's loss", ge=0)] = 0.0
    clip_targets: Annotated[
        bool,
        Param(
            "cut the values learned towards to [-1 / (1 - discount), 0], which is all that rewards "
            "in [-1, 0] can add up to"
        ),
    ] = False


@dataclass(frozen=True, kw_only=True)
class DelayedConfig(DeterministicConfig):
    """What TD3 adds to DDPG."""

    policy_delay: Annotated[int, Param("updates of the critics for each of the policy", ge=1)] = 2
    target_noise: Annotated[
        float, Param("standard deviation of the noise on the actions that targets are of", ge=0)
    ] = 0.2
    target_noise_clip: Annotated[float, Param("largest size of that noise", ge=0)] = 0.5


@dataclass(frozen=True, kw_only=True)
class SoftConfig(OffPolicyConfig):
    """What learners with an entropy in their objective need."""

    temperature: Annotated[float, Param("weight of the entropy at the start", gt=0)] = 1.0
    learn_temperature: Annotated[bool, Param("whether that weight is learned, for `target_entropy`")] = True
    target_entropy: Annotated[
        float | None,
        Param("entropy that the temperature is learned for, in nats; null for minus one per action"),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TruncatedConfig(SoftConfig):
    """What TQC adds to SAC."""

    drop: Annotated[
        int, Param("quantiles left out of the targets for each critic, the largest first", ge=0)
    ] = 2


@dataclass(frozen=True, kw_only=True)
class PlainConfig(OffPolicyConfig):
    """What learning from single transitions, as they were experienced, adds."""

    random_steps: Annotated[
        int, Param("steps of random actions before the first update", unit="env steps", ge=0)
    ] = 1000
    n_step: Annotated[
        int, Param("steps that rewards are added up over before the value of what they led to", ge=1)
    ] = 1


@dataclass(frozen=True, kw_only=True)
class DDPGConfig(PlainConfig, DeterministicConfig):
    """Parameters of deep deterministic policy gradients."""


@dataclass(frozen=True, kw_only=True)
class TD3Config(PlainConfig, DelayedConfig):
    """Parameters of twin delayed DDPG."""


@dataclass(frozen=True, kw_only=True)
class SACConfig(PlainConfig, SoftConfig):
    """Parameters of soft actor-critic."""


@dataclass(frozen=True, kw_only=True)
class TQCConfig(PlainConfig, TruncatedConfig):
    """Parameters of truncated quantile critics."""
