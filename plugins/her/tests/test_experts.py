"""Scripted experts do what they are to teach."""

from __future__ import annotations

import pytest

from framework_her.experts import arm
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.env import FetchEnv
from framework_her.fetch.tasks import TASKS


def success(task: str, episodes: int, seed: int) -> float:
    env = FetchEnv(TASKS[task], FetchConfig(num_envs=episodes, threads=1))
    observation, _ = env.reset(seed=seed)
    for _ in range(49):
        observation, *_, info = env.step(getattr(arm, task)(observation))
    return float(info["is_success"].mean())


@pytest.mark.parametrize("task", ["reach", "push", "pick_and_place"])
def test_experts_never_fail(task):
    assert success(task, 20, seed=0) == 1


@pytest.mark.slow
@pytest.mark.parametrize("task", ["push", "pick_and_place"])
def test_experts_hardly_fail_in_two_hundred_episodes(task):
    assert success(task, 200, seed=1) >= 0.985
