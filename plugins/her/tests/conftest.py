from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightning.pytorch as pl
import pytest
import torch

from framework.testing.point_goal import PointGoal
from framework_her.actor_critic import ActorCritic
from framework_her.config import ActorCriticConfig, HindsightConfig
from framework_her.hindsight import Hindsight

# With another process on the machine, two threads wait for each other most of the time.
torch.set_num_threads(1)

#: Enough to learn to move a point in three dimensions in two seconds.
SMALL = {
    "steps_per_cycle": 20,
    "updates_per_cycle": 20,
    "batch_size": 128,
    "tau": 0.02,
    "action_l2": 0.1,
    "moved_weight": 1.0,
}


@pytest.fixture
def make() -> Callable[..., Hindsight]:
    """Make a small Hindsight for a point; keyword arguments change its parameters."""

    def make(environment: Any = None, **parameters: Any) -> Hindsight:
        config = HindsightConfig(**{"budget": {"env_steps": 6400}, **SMALL, **parameters})
        pl.seed_everything(config.seed, verbose=False)
        environment = environment or PointGoal(8, dims=3)
        return Hindsight(environment, ActorCritic(environment, ActorCriticConfig(hidden=(64, 64))), config)

    return make
