"""The published Fetch classes, as an independent oracle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
import pytest

CLASSES = {
    "reach": "reach:MujocoFetchReachEnv",
    "push": "push:MujocoFetchPushEnv",
    "slide": "slide:MujocoFetchSlideEnv",
    "pick_and_place": "pick_and_place:MujocoFetchPickAndPlaceEnv",
}


@pytest.fixture
def stock(published: Callable[..., Any]) -> Callable[..., Any]:
    """Builds the published environment of a task, without a time limit."""
    return lambda task, **options: published(f"fetch.{CLASSES[task]}", **options)


@pytest.fixture
def place() -> Callable[..., dict[str, np.ndarray]]:
    """Puts a published environment at a chosen start of an episode; returns its observation."""

    def put(env: Any, qpos: np.ndarray, goal: np.ndarray) -> dict[str, np.ndarray]:
        env.reset(seed=0)
        env.data.qpos[:] = qpos
        env.data.qacc_warmstart[:] = 0
        mujoco.mj_forward(env.model, env.data)
        env.goal = goal.copy()
        return env._get_obs()

    return put
