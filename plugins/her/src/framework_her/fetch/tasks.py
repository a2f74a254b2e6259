"""The tasks, as recipes name them."""

from __future__ import annotations

from typing import Any

from framework_her.fetch.config import FetchConfig
from framework_her.fetch.env import FetchEnv, Task


def joints(x: float, *object_position: float) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """First joint positions: the base `x` metres forward, and `object0` upright at a place; m."""
    base = (("robot0:slide0", (x,)), ("robot0:slide1", (0.48,)), ("robot0:slide2", (0.0,)))
    upright = (1.0, 0.0, 0.0, 0.0)
    return (*base, ("object0:joint", (*object_position, *upright))) if object_position else base


TASKS = {
    "reach": Task(file="reach.xml", joints=joints(0.4049), lift=0.2, has_object=False),
    "push": Task(file="push.xml", joints=joints(0.405, 1.25, 0.53, 0.4)),
    "slide": Task(
        file="slide.xml",
        joints=joints(0.05, 1.7, 1.1, 0.41),
        lift=-0.02,
        goal_range=0.3,
        goal_offset=(0.4, 0.0, 0.0),
        object_range=0.1,
    ),
    "pick_and_place": Task(
        file="pick_and_place.xml",
        joints=joints(0.405, 1.25, 0.53, 0.4),
        lift=0.2,
        blocked=False,
        goal_in_air=True,
    ),
}


def make_reach(config: FetchConfig, **options: Any) -> FetchEnv:
    """FetchReach: move the gripper to a point in the air."""
    return FetchEnv(TASKS["reach"], config, **options)


def make_push(config: FetchConfig, **options: Any) -> FetchEnv:
    """FetchPush: push a block to a point on the table with a closed gripper."""
    return FetchEnv(TASKS["push"], config, **options)


def make_slide(config: FetchConfig, **options: Any) -> FetchEnv:
    """FetchSlide: hit a puck so that it comes to rest at a point out of reach."""
    return FetchEnv(TASKS["slide"], config, **options)


def make_pick_and_place(config: FetchConfig, **options: Any) -> FetchEnv:
    """FetchPickAndPlace: carry a block to a point on the table or above it."""
    return FetchEnv(TASKS["pick_and_place"], config, **options)
