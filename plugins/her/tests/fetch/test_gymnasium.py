"""The tasks for people who bring their own trainer."""

from __future__ import annotations

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import framework_her.fetch
from framework.errors import UserError

IDS = [f"framework_her/Fetch{name}{kind}-v0" for name in framework_her.fetch.NAMES for kind in ("", "Dense")]


@pytest.fixture(autouse=True)
def registered():
    framework_her.fetch.register()
    framework_her.fetch.register()


@pytest.mark.parametrize("identifier", IDS)
@pytest.mark.filterwarnings("ignore:.*is probably too:UserWarning")
def test_gymnasium_finds_nothing_to_complain_about(identifier):
    env = gymnasium.make(identifier)
    check_env(env.unwrapped, skip_render_check=True)
    observation, _ = env.reset(seed=0)
    for _ in range(50):
        observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
        assert not terminated
        single = env.unwrapped
        achieved, desired = observation["achieved_goal"], observation["desired_goal"]
        assert reward == single.compute_reward(achieved, desired, info)
        assert terminated == single.compute_terminated(achieved, desired, info)
        assert not single.compute_truncated(achieved, desired, info)
    assert truncated
    env.close()


def test_make_vec_builds_the_batch():
    envs = gymnasium.make_vec("framework_her/FetchReach-v0", num_envs=3, threads=1)
    observation, _ = envs.reset(seed=0)
    assert observation["observation"].shape == (3, 10)
    for _ in range(50):
        *_, truncated, _ = envs.step(envs.action_space.sample())
    assert truncated.all()


def test_unseeded_environments_differ_and_seeded_ones_do_not():
    def goal(seed=None):
        return gymnasium.make("framework_her/FetchReach-v0").reset(seed=seed)[0]["desired_goal"]

    assert (goal() != goal()).all()
    np.testing.assert_array_equal(goal(5), goal(5))
    vector = [gymnasium.make_vec("framework_her/FetchReach-v0", num_envs=2).reset()[0] for _ in range(2)]
    assert (vector[0]["desired_goal"] != vector[1]["desired_goal"]).all()


def test_frames():
    env = gymnasium.make("framework_her/FetchPush-v0", render_mode="rgb_array", render_size=64)
    env.reset(seed=0)
    try:
        first = env.render()
    except UserError as error:
        pytest.skip(str(error))
    assert first.shape == (64, 64, 3)
    env.unwrapped.vector.goal[0] += [0.0, 0.0, 0.2]
    assert (env.render() != first).any(), "the goal is drawn"
    env.close()


def test_hindsight_replay_of_stable_baselines_runs_on_it():
    sb3 = pytest.importorskip("stable_baselines3")
    env = gymnasium.make("framework_her/FetchReach-v0")
    model = sb3.DDPG(
        "MultiInputPolicy",
        env,
        replay_buffer_class=sb3.HerReplayBuffer,
        replay_buffer_kwargs={"n_sampled_goal": 4},
        learning_starts=60,
        policy_kwargs={"net_arch": [16]},
        buffer_size=1000,
        seed=0,
    )
    model.learn(120)
    rewards = model.replay_buffer.sample(200).rewards
    assert set(np.unique(rewards.numpy())) <= {-1.0, 0.0}
    assert (rewards == 0).any(), "hindsight makes some transitions succeed"


def test_the_package_imports_nothing_heavy():
    code = (
        "import sys, framework_her.fetch, framework_her.fetch.config\n"
        "print(sorted({'torch', 'mujoco', 'gymnasium', 'gymnasium_robotics'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
