"""The published Fetch classes, made to run on today's MuJoCo as an independent oracle."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Callable
from types import SimpleNamespace
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


class _Integers:
    """An enumeration of MuJoCo's whose members are plain integers.

    The published helpers compare members with the integers in a model, which MuJoCo 3.17
    and later answer with an error.
    """

    def __init__(self, enumeration: Any) -> None:
        for name, member in enumeration.__members__.items():
            setattr(self, name, int(member))


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Builds the published environment of a task, without a time limit."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        utils = importlib.import_module("gymnasium_robotics.utils.mujoco_utils")
    plain = {name: _Integers(getattr(mujoco, name)) for name in ("mjtJoint", "mjtEq", "mjtObj")}
    monkeypatch.setattr(utils, "mujoco", SimpleNamespace(**(vars(mujoco) | plain)))

    def build(task: str, **options: Any) -> Any:
        module, _, name = CLASSES[task].partition(":")
        return getattr(importlib.import_module(f"gymnasium_robotics.envs.fetch.{module}"), name)(**options)

    return build


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
