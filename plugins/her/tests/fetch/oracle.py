"""The published Fetch classes, made to run on today's MuJoCo as an independent oracle."""

from __future__ import annotations

import contextlib
import io
from types import SimpleNamespace
from typing import Any

import gymnasium
import mujoco
import numpy as np

CLASSES = {
    "reach": "gymnasium_robotics.envs.fetch.reach:MujocoFetchReachEnv",
    "push": "gymnasium_robotics.envs.fetch.push:MujocoFetchPushEnv",
    "slide": "gymnasium_robotics.envs.fetch.slide:MujocoFetchSlideEnv",
    "pick_and_place": "gymnasium_robotics.envs.fetch.pick_and_place:MujocoFetchPickAndPlaceEnv",
}


class _Integers:
    """An enumeration of MuJoCo's whose members are plain integers.

    The published helpers compare members with the integers in a model, which MuJoCo 3.17
    and later answer with an error.
    """

    def __init__(self, enumeration: Any) -> None:
        for name, member in enumeration.__members__.items():
            setattr(self, name, int(member))


def stock(task: str, **options: Any) -> Any:
    """Return the published environment of a task, without a time limit."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        from gymnasium_robotics.utils import mujoco_utils
    plain = {name: _Integers(getattr(mujoco, name)) for name in ("mjtJoint", "mjtEq", "mjtObj")}
    mujoco_utils.mujoco = SimpleNamespace(**(vars(mujoco) | plain))
    module, _, name = CLASSES[task].partition(":")
    cls = getattr(__import__(module, fromlist=[name]), name)
    return cls(**options)


def set_state(env: Any, qpos: np.ndarray, goal: np.ndarray) -> dict[str, np.ndarray]:
    """Put a published environment at the start of an episode and return its observation.

    Args:
        qpos: joint positions, of which the object's are taken.
        goal: `(3,)`; m.
    """
    env.reset(seed=0)
    if env.has_object:
        start = env.model.joint("object0:joint").qposadr[0]
        env.data.qpos[start : start + 7] = qpos[start : start + 7]
    env.data.qacc_warmstart[:] = 0
    mujoco.mj_forward(env.model, env.data)
    env.goal = goal.copy()
    return env._get_obs()


gymnasium.logger.min_level = gymnasium.logger.ERROR
