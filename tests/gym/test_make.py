"""gymnasium/make: any environment, batched, saved where that can be, and said where not."""

from __future__ import annotations

import importlib.util
import logging
from typing import Any

import numpy as np
import pytest

from framework.errors import UserError
from framework.gym.config import MakeConfig
from framework.gym.make import make
from framework.registry import installed
from framework.rl.collect.local import EpisodeCollector
from framework.testing import check_environment
from framework.testing.equality import assert_same
from framework.testing.fixtures import RunCommand

REACH = "tests.gym.reach:tests/Reach-v0"
SHORT: dict[str, Any] = {"use": "gymnasium/make", "num_envs": 2, "max_episode_steps": 7}
WRAPPERS = [
    "gymnasium.wrappers:NormalizeObservation",
    {"wrapper": "gymnasium.wrappers:TransformReward", "kwargs": {"func": abs}},
    {"wrapper": "gymnasium.wrappers:RescaleAction", "kwargs": {"min_action": -2, "max_action": 2}},
    "gymnasium.wrappers:TimeAwareObservation",
]


@pytest.mark.parametrize(
    "section",
    [
        {"id": REACH},
        {"id": "tests.gym.reach:tests/Simulator-v0"},
        {"id": "CartPole-v1"},
        {"id": "Pendulum-v1", "wrappers": WRAPPERS},
        {"id": "InvertedPendulum-v5"},
        {"id": "Ant-v5", "kwargs": {"include_cfrc_ext_in_observation": True}},
    ],
    ids=lambda section: section["id"].rpartition("/")[2],
)
def test_seeds_repeat_and_a_saved_state_leads_to_the_same_future(section: dict[str, Any]) -> None:
    check_environment({**SHORT, **section}, steps=24)


def roll(environment: Any, actions: list[Any]) -> list[Any]:
    return [environment.step(action)[:4] for action in actions]


def test_each_in_a_process_of_its_own() -> None:
    environments = [
        make(MakeConfig(id=REACH, num_envs=2, max_episode_steps=5, vectorization=how))
        for how in ("sync", "async")
    ]
    for environment in environments:
        environment.action_space.seed(0)
        environment.reset(seed=3)
    actions = [environments[0].action_space.sample() for _ in range(12)]
    here, there = (roll(environment, actions) for environment in environments)
    assert_same(here, there)
    state = environments[1].get_state()
    before = roll(environments[1], actions)
    for environment in environments:
        environment.set_state(state)
        assert_same(roll(environment, actions), before)
    goals = np.zeros((3, 2)), np.array([[0.0, 0.1], [0.0, 0.2], [0.2, 0.0]])
    np.testing.assert_array_equal(environments[1].compute_reward(*goals), [0, -1, -1])
    for environment in environments:
        environment.close()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Connected", "Connected.connection cannot be saved: cannot pickle '_thread.lock' object"),
        ("Aliased", "Aliased.state and Aliased.position are views of the same memory"),
    ],
)
def test_what_cannot_be_saved_is_said_at_the_start(
    name: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    environment = make(MakeConfig(id=f"tests.gym.reach:tests/{name}-v0", num_envs=2))
    collector = EpisodeCollector(environment, seed=0)
    with caplog.at_level(logging.WARNING, "framework"):
        episodes = collector.collect(25, lambda observation: np.zeros((2, 2), np.float32))
    assert len(episodes) == 2
    (message,) = caplog.messages
    assert message.endswith(f"a resumed training starts new episodes: {why}")
    assert collector.state_dict()["environment"] is None


def test_the_state_of_another_number_is_refused() -> None:
    one, two = (make(MakeConfig(id="CartPole-v1", num_envs=n)) for n in (1, 2))
    one.reset(seed=0)
    two.reset(seed=0)
    state = one.get_state()
    assert state is not None
    with pytest.raises(UserError, match="of 1 environments, and here are 2"):
        two.set_state(state)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"id": "CartPol-v1"}, "CartPol-v1 cannot be made: .*CartPole"),
        ({"id": "nowhere_at_all:Thing-v0"}, "there is no module nowhere_at_all\n  it is looked for"),
        ({"id": "CartPole-v1", "kwargs": {"colour": 1}}, "CartPole-v1 cannot be made: .*colour"),
        ({"id": "CartPole-v1", "wrappers": ("gymnasium.wrappers:Clip",)}, "wrapper gymnasium.wrappers:Clip"),
        ({"id": "CartPole-v1", "wrappers": ("builtins:id",)}, "builtins:id is no wrapper: it made a int"),
        (
            {"id": REACH, "kwargs": {"needs_info": True}},
            "compute_reward of the environment cannot be called with two goals and an empty info: KeyError",
        ),
    ],
)
def test_a_mistake_is_named(config: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=f"(?s){message}"):
        make(MakeConfig(**config))


def test_it_is_there_whatever_plugins_are_chosen(
    framework_command: RunCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRAMEWORK_PLUGINS", "her")
    installed.cache_clear()
    try:
        assert "gymnasium/make" in framework_command("list", "environments").stdout
        assert "gymnasium.make is called with" not in framework_command("info", "gymnasium/make").stderr
    finally:
        installed.cache_clear()


def test_gymnasium_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "gymnasium" else find(name, *rest)
    )
    with pytest.raises(ValueError, match=r"pip install 'framework-core\[sim\]'"):
        MakeConfig(id="CartPole-v1")
