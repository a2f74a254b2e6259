"""Parameters of on-policy learning and of its model; no torch is needed to read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from framework.component import Param, Part
from framework.rl.budget import Budget
from framework.rl.collect.config import CollectorsConfig


@dataclass(frozen=True, kw_only=True)
class PolicyConfig:
    """Parameters of an actor and a critic for any observations and actions."""

    hidden: Annotated[tuple[int, ...], Param("units in each hidden layer, of both networks", ge=1)] = (64, 64)
    activation: Annotated[Literal["tanh", "relu", "elu"], Param("after each hidden layer")] = "tanh"
    memory: Annotated[
        Literal["lstm", "gru"] | None, Param("what remembers, after the hidden layers; null for nothing")
    ] = None
    units: Annotated[int, Param("of the memory", ge=1)] = 64
    groups: Annotated[
        dict[str, tuple[str, ...]] | None,
        Param(
            "which parts of a dict observation each network sees, {actor: [...], critic: [...]}; "
            "everything, if it is not named"
        ),
    ] = None
    normalize: Annotated[
        bool, Param("scale observations to zero mean and unit variance, by what was seen in training")
    ] = False
    std: Annotated[float, Param("standard deviation of continuous actions at the start", gt=0)] = 1.0
    state_std: Annotated[
        bool, Param("whether that deviation depends on the observation, or is one number per dimension")
    ] = False
    weights: Annotated[Path | None, Param("checkpoint to start from; everything is taken from it")] = None


@dataclass(frozen=True, kw_only=True)
class OnPolicyConfig:
    """Parameters of all algorithms that learn from what the policy of the moment did."""

    budget: Annotated[Budget, Param("how long to train: {env_steps: 1_000_000} or {updates: 20_000}")]
    steps: Annotated[
        int,
        Param("steps that every parallel environment takes before the next updates", unit="env steps", ge=1),
    ] = 128
    epochs: Annotated[int, Param("times that everything collected is gone through", ge=1)] = 4
    minibatches: Annotated[
        int, Param("parts that everything collected is cut into, one update each", ge=1)
    ] = 4
    sequence_length: Annotated[
        int,
        Param(
            "steps that gradients go back in time; 1 for a policy without memory. It has to divide `steps`",
            unit="env steps",
            ge=1,
        ),
    ] = 1
    learning_rate: Annotated[float, Param("step size of the optimiser, Adam, at the start", gt=0)] = 3e-4
    final_learning_rate: Annotated[
        float | None,
        Param("step size at the end of the budget, on a straight line; null for no change", ge=0),
    ] = None
    value_weight: Annotated[float, Param("of the critic's squared error in the loss", ge=0)] = 0.5
    max_gradient_norm: Annotated[
        float | None, Param("gradients are scaled down to it; null for never", gt=0)
    ] = 0.5
    overlap: Annotated[
        bool,
        Param("collect the next experience, in a thread, while learning; it is then one round old"),
    ] = False
    collectors: Annotated[
        CollectorsConfig, Param("who collects: {use: processes, workers: 4}; by default this process")
    ] = field(default_factory=CollectorsConfig)
    matmul: Annotated[
        Literal["highest", "high", "medium"],
        Param("precision of float32 matrix products; medium is still float32 on AMD processors, and faster"),
    ] = "highest"
    seed: Annotated[
        int, Param("seed of the training environment, of exploration and of minibatches", ge=0)
    ] = 0


@dataclass(frozen=True, kw_only=True)
class PPOConfig(OnPolicyConfig):
    """Parameters of proximal policy optimisation."""

    gamma: Annotated[float, Param("worth of a reward one step later", ge=0, le=1)] = 0.99
    lam: Annotated[
        float, Param("of the advantage estimates: 0 trusts the critic, 1 only the rewards", ge=0, le=1)
    ] = 0.95
    clip: Annotated[float, Param("how far a probability may move from 1 times its old value", gt=0)] = 0.2
    clip_value: Annotated[
        float | None, Param("how far a value may move from the old one; null for any distance", gt=0)
    ] = None
    entropy_weight: Annotated[float, Param("of the policy's entropy in the loss, at the start", ge=0)] = 0.0
    final_entropy_weight: Annotated[
        float | None, Param("weight at the end of the budget, on a straight line; null for no change", ge=0)
    ] = None
    target_kl: Annotated[
        float | None,
        Param(
            "stop going through the data when the policy has moved this far, in nats; null for never", gt=0
        ),
    ] = None
    normalize_advantages: Annotated[
        bool, Param("scale advantages to zero mean and unit variance in every minibatch")
    ] = True
    normalize_rewards: Annotated[
        bool, Param("divide rewards by the running standard deviation of discounted returns")
    ] = False
    normalize_values: Annotated[
        bool,
        Param("let the critic foresee returns of zero mean and unit variance, by those of late"),
    ] = False


@dataclass(frozen=True, kw_only=True)
class DistillationConfig(OnPolicyConfig):
    """Parameters of teaching one policy what another knows."""

    teacher: Annotated[
        Any,
        Part("model"),
        Param("the model of the policy that knows, {use: rl/actor_critic, ...}, as in the recipe it is of"),
    ]
    checkpoint: Annotated[Path, Param("what it was trained to, ${checkpoint:STAGE} or ${checkpoint:RUN}")]


@dataclass(frozen=True, kw_only=True)
class MeanReturnConfig:
    """Parameters of the evaluator."""

    episodes: Annotated[int, Param("episodes of the final evaluation", unit="episodes", ge=1)] = 100
    every: Annotated[
        int, Param("how often to evaluate during training, in units of the budget; 0 for never", ge=0)
    ] = 50_000
    monitor_episodes: Annotated[
        int, Param("episodes of each evaluation during training", unit="episodes", ge=1)
    ] = 10
    beside: Annotated[
        dict[str, Path],
        Param("checkpoints of other trainings, by name, whose learning curves are drawn beside this one's"),
    ] = field(default_factory=dict)
    name: Annotated[str, Param("what this training is called where others are beside it")] = "this one"
    seed: Annotated[int, Param("seed of the evaluation episodes", ge=0)] = 0

    def __post_init__(self) -> None:
        if self.name in self.beside:
            raise ValueError(
                f"beside has a {self.name!r}, as the training itself is called: give name: another"
            )
