from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import lightning.pytorch as pl
import mujoco
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


class _Integers:
    """An enumeration of MuJoCo's whose members are plain integers.

    The published helpers compare members with the integers in a model, which MuJoCo 3.17
    and later answer with an error.
    """

    def __init__(self, enumeration: Any) -> None:
        for name, member in enumeration.__members__.items():
            setattr(self, name, int(member))


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Builds an environment of gymnasium-robotics by its class, `"fetch.push:MujocoFetchPushEnv"`.

    The published classes, made to run on today's MuJoCo as an independent oracle; without a
    time limit.
    """
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        utils = importlib.import_module("gymnasium_robotics.utils.mujoco_utils")
    plain = {name: _Integers(getattr(mujoco, name)) for name in ("mjtJoint", "mjtEq", "mjtObj")}
    monkeypatch.setattr(utils, "mujoco", SimpleNamespace(**(vars(mujoco) | plain)))

    def build(path: str, **options: Any) -> Any:
        module, _, name = path.partition(":")
        return getattr(importlib.import_module(f"gymnasium_robotics.envs.{module}"), name)(**options)

    return build
