"""Demonstrations are made shard by shard, and what is read is what was played."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.testing.producer import check_producer
from framework_her.actor_critic import ActorCritic
from framework_her.config import ActorCriticConfig
from framework_her.demonstrations.config import DemonstrationsConfig
from framework_her.demonstrations.load import load, starts_of
from framework_her.demonstrations.produce import Demonstrations
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.env import FetchEnv
from framework_her.fetch.tasks import TASKS


def fetch(task: str, **parameters: int) -> FetchEnv:
    return FetchEnv(TASKS[task], FetchConfig(threads=1, **{"num_envs": 4, **parameters}))


@pytest.fixture(scope="module")
def picked(tmp_path_factory):
    """Five demonstrations of picking, in two files."""
    folder = tmp_path_factory.mktemp("picked")
    config = DemonstrationsConfig(environment=fetch("pick_and_place"), episodes=5, per_shard=3, noise=0.05)
    Demonstrations(config).produce(folder, lambda _: None)
    return folder


def test_it_is_a_producer():
    environment = {"use": "her/fetch_reach", "num_envs": 2, "threads": 1, "max_episode_steps": 15}
    check_producer({"use": "her/demonstrations", "environment": environment, "episodes": 3, "per_shard": 1})


def test_stepped_from_any_of_its_states_an_episode_is_the_same(picked):
    environment = fetch("pick_and_place", num_envs=1)
    for one in load(picked, environment)[::2]:
        assert one.success and one.action.shape == (50, 4) and one.observation.shape == (51, 25)
        for step in (0, 17, 48):
            environment.start_from(one.state[step : step + 1], one.desired_goal[:1], 1.0)
            observation, _ = environment.reset(seed=9)
            for at in range(step, 49):
                for key, value in observation.items():
                    assert np.array_equal(value[0], getattr(one, key)[at]), (key, at)
                observation, *_ = environment.step(one.action[at : at + 1].astype(np.float32))


def test_episodes_start_from_demonstrated_states_in_the_share_that_is_asked_for(picked):
    environment = fetch("pick_and_place", num_envs=40)
    states, goals = starts_of(load(picked, environment))
    environment.start_from(states, goals, 0.5)
    observation, _ = environment.reset(seed=3)
    started = (observation["desired_goal"][:, None] == goals).all(-1).any(1)
    assert 10 < started.sum() < 30
    environment.start_from(states, goals, 0.0)
    observation, _ = environment.reset(seed=3)
    assert np.array_equal(
        observation["observation"], fetch("pick_and_place", num_envs=40).reset(seed=3)[0]["observation"]
    )


def test_states_of_another_task_are_refused(picked):
    states, goals = starts_of(load(picked, fetch("pick_and_place")))
    with pytest.raises(UserError, match=r"FetchEnv cannot start from states \(250, \d+\) with goals"):
        fetch("reach").start_from(states, goals, 0.5)


def test_a_task_without_an_expert_and_a_teacher_who_always_fails(tmp_path):
    with pytest.raises(UserError, match="FetchSlide has no scripted expert"):
        Demonstrations(DemonstrationsConfig(environment=fetch("slide")))
    environment = FetchEnv(
        TASKS["push"], FetchConfig(threads=1, num_envs=1, max_episode_steps=1, distance_threshold=1e-6)
    )
    failing = Demonstrations(
        DemonstrationsConfig(environment=environment, episodes=1, random_action=1.0, seed=1)
    )
    with pytest.raises(UserError, match="only 0 of 20 episodes of FetchPush end at their goal; 1 are wanted"):
        failing.produce(tmp_path, lambda _: None)


def test_a_trained_policy_shows_what_it_does(tmp_path):
    environment = fetch("reach")
    torch.manual_seed(0)
    model = ActorCritic(environment, ActorCriticConfig(hidden=(8, 9)))
    torch.save(
        {"state_dict": {f"model.{k}": v for k, v in model.state_dict().items()}}, tmp_path / "its.ckpt"
    )
    config = DemonstrationsConfig(
        environment=environment, by=tmp_path / "its.ckpt", episodes=2, only_successes=False
    )
    Demonstrations(config).produce(tmp_path / "made", lambda _: None)
    first, _ = load(tmp_path / "made", environment)
    inputs = np.concatenate([first.observation, first.desired_goal], axis=1)[:-1]
    with torch.no_grad():
        expected = torch.tanh(model.actor(model.normalizer(torch.as_tensor(inputs, dtype=torch.float32))))
    np.testing.assert_allclose(first.action, expected, atol=1e-5)
    with pytest.raises(UserError, match="weights"):
        Demonstrations(replace(config, environment=fetch("push")))


def test_the_files_are_a_dataset(picked, tmp_path):
    datasets = pytest.importorskip("datasets")
    table = datasets.load_dataset(
        "parquet", data_files=str(picked / "*.parquet"), split="train", cache_dir=str(tmp_path)
    )
    assert len(table) == 5 and np.shape(table[0]["action"]) == (50, 4)
