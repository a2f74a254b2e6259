"""Parameters of making demonstrations, and of learning from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from framework import Param, Part
from framework.rl.budget import Budget


@dataclass(frozen=True, kw_only=True)
class DemonstrationsConfig:
    """Who shows what, how often."""

    environment: Annotated[Any, Part("environment"), Param("the task that is shown")]
    by: Annotated[
        Path | None,
        Param("checkpoint of a trained policy, ${checkpoint:...}; null for the task's scripted expert"),
    ] = None
    episodes: Annotated[int, Param("demonstrations to make", unit="episodes", ge=1)] = 100
    per_shard: Annotated[int, Param("demonstrations in one file", unit="episodes", ge=1)] = 50
    random_action: Annotated[
        float, Param("probability of a uniformly random action instead of the teacher's", ge=0, le=1)
    ] = 0.0
    noise: Annotated[
        float, Param("standard deviation of the noise on all other actions, in [-1, 1]", ge=0)
    ] = 0.0
    only_successes: Annotated[bool, Param("whether episodes that do not end at their goal are left out")] = (
        True
    )
    seed: Annotated[int, Param("seed of first states, goals and noise", ge=0)] = 0


@dataclass(frozen=True, kw_only=True)
class LearningConfig:
    """How hindsight learns from demonstrations (Nair et al. 2018, section IV); the defaults are published."""

    path: Annotated[
        Path, Param("demonstrations: a file, a folder, ${output:STAGE}, or a data set of Minari's")
    ]
    per_batch: Annotated[
        int, Param("demonstrated transitions in each minibatch, of its batch_size", unit="transitions", ge=0)
    ] = 128
    cloning_weight: Annotated[
        float,
        Param(
            "weight of the summed squared distance from the demonstrated actions, in the policy's loss", ge=0
        ),
    ] = 0.0078
    policy_weight: Annotated[float, Param("weight of all else in the policy's loss", ge=0)] = 0.001
    q_filter: Annotated[
        bool, Param("clone only those actions that the critic holds to be better than the policy's")
    ] = True
    starts: Annotated[
        float, Param("share of the training episodes that start from a demonstrated state", ge=0, le=1)
    ] = 0.0


@dataclass(frozen=True, kw_only=True)
class CloningConfig:
    """Parameters of behaviour cloning."""

    demonstrations: Annotated[
        Path, Param("demonstrations: a file, a folder, ${output:STAGE}, or a data set of Minari's")
    ]
    budget: Annotated[Budget, Param("how long to train: {updates: 10_000}")]
    updates_per_cycle: Annotated[
        int, Param("gradient updates in one cycle of training", unit="updates", ge=1)
    ] = 100
    batch_size: Annotated[int, Param("transitions in one gradient update", ge=1)] = 256
    learning_rate: Annotated[float, Param("step size of the optimiser, Adam", gt=0)] = 1e-3
    seed: Annotated[int, Param("seed of the minibatches", ge=0)] = 0
