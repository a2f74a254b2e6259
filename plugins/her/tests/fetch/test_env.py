from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from framework.testing import assert_same
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.env import FetchEnv
from framework_her.fetch.tasks import TASKS


def make(task: str, num_envs: int = 4, **parameters) -> FetchEnv:
    return FetchEnv(TASKS[task], FetchConfig(num_envs=num_envs, **parameters))


def play(env: FetchEnv, steps: int, seed: int = 0) -> list:
    actions = np.random.default_rng(seed).uniform(-1, 1, (steps, 16, 4)).astype(np.float32)
    return [env.step(action[: env.num_envs]) for action in actions]


@pytest.mark.parametrize("task", TASKS)
def test_a_restored_environment_continues_bit_for_bit(task):
    env = make(task, max_episode_steps=15)
    env.reset(seed=1)
    play(env, 20)
    state = env.get_state()
    expected = play(env, 25, seed=1)
    fresh = make(task, max_episode_steps=15, threads=2, seed=7)
    fresh.set_state(state)
    assert_same(play(fresh, 25, seed=1), expected)


@pytest.mark.parametrize("task", TASKS)
def test_neither_threads_nor_neighbours_matter(task):
    alone, many = make(task, 1, threads=1), make(task, 9, threads=3)
    alone.reset(seed=2), many.reset(seed=2)
    for one, all_of_them in zip(play(alone, 60), play(many, 60), strict=True):
        for key, value in one[0].items():
            np.testing.assert_array_equal(value[0], all_of_them[0][key][0])
        assert one[1][0] == all_of_them[1][0]


def test_episodes_end_at_the_time_limit_and_never_before():
    env = make("push", 2)
    env.reset(seed=0)
    ends = [(terminated.any(), truncated.all()) for _, _, terminated, truncated, _ in play(env, 101)]
    assert [step for step, (_, truncated) in enumerate(ends, 1) if truncated] == [50, 100]
    assert not any(terminated for terminated, _ in ends)


def test_a_blown_up_robot_costs_one_episode():
    env, twin = make("push"), make("push")
    env.reset(seed=0), twin.reset(seed=0)
    env.batch.bind("qvel")[1, 3] = np.nan
    for (a, *_, info), (b, *_) in zip(play(env, 10), play(twin, 10), strict=True):
        np.testing.assert_array_equal(a["observation"][[0, 2, 3]], b["observation"][[0, 2, 3]])
        assert np.isfinite(a["observation"]).all()
        assert np.isfinite(info["diverged"]).all()
    assert env.diverged == 1


points = stn.arrays(np.float64, (7, 3), elements=st.floats(-2, 2))


@given(achieved=points, desired=points)
def test_rewards_of_many_are_those_of_each(achieved, desired):
    for reward_type in ("sparse", "dense"):
        env = make("reach", 1, reward_type=reward_type)
        many = env.compute_reward(achieved, desired, {})
        assert many.shape == (7,)
        for one, a, d in zip(many, achieved, desired, strict=True):
            assert one == env.compute_reward(a, d, None)
            distance = float(np.sqrt(((a - d) ** 2).sum()))
            if reward_type == "dense":
                assert one == pytest.approx(-distance)
            elif abs(distance - 0.05) > 1e-9:
                assert one == (-1.0 if distance > 0.05 else 0.0)


def test_threshold_and_seed_are_parameters():
    easy = make("reach", 3, distance_threshold=5.0, seed=4)
    same = make("reach", 3, seed=4)
    one, _ = easy.reset()
    other, _ = same.reset()
    assert_same(one, other)
    _, reward, *_, info = easy.step(np.zeros((3, 4)))
    assert info["is_success"].all()
    assert not reward.any()


def test_a_single_goal_is_that_of_every_episode():
    environment = make("push", 3, threads=1, goal=(1.4, 0.8, 0.42), max_episode_steps=2)
    observation, _ = environment.reset(seed=0)
    starts = [observation["achieved_goal"].copy()]
    for _ in range(3):
        np.testing.assert_array_equal(observation["desired_goal"], [[1.4, 0.8, 0.42]] * 3)
        observation, *_ = environment.step(np.zeros((3, 4), np.float32))
        starts.append(observation["achieved_goal"].copy())
    assert len(np.unique(np.concatenate([starts[0], starts[2]]), axis=0)) == 6
    environment.close()
