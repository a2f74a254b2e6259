"""The tasks, as recipes name them."""

from __future__ import annotations

from framework_her.fetch.config import FetchConfig
from framework_her.fetch.env import FetchEnv, Task

_BASE = (("robot0:slide0", (0.405,)), ("robot0:slide1", (0.48,)), ("robot0:slide2", (0.0,)))

REACH = Task(
    file="reach.xml",
    joints=(("robot0:slide0", (0.4049,)), *_BASE[1:]),
    lift=0.2,
    has_object=False,
)
PUSH = Task(
    file="push.xml",
    joints=(*_BASE, ("object0:joint", (1.25, 0.53, 0.4, 1.0, 0.0, 0.0, 0.0))),
)


def make_reach(config: FetchConfig) -> FetchEnv:
    """FetchReach: move the gripper to a point in the air."""
    return FetchEnv(REACH, config)


def make_push(config: FetchConfig) -> FetchEnv:
    """FetchPush: push a block to a point on the table with a closed gripper."""
    return FetchEnv(PUSH, config)
