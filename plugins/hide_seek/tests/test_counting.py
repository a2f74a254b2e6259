"""Counting out of a memory: the policy stays as it is, and what it remembers can be read."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.rl.budget import Budget
from framework.testing.fixtures import Fit
from framework_hide_seek.config import GameConfig
from framework_hide_seek.game import Game
from framework_hide_seek.model.config import EntitiesConfig
from framework_hide_seek.model.policy import make_policy
from framework_hide_seek.tasks.config import CountedConfig, CounterConfig, ObjectCountingConfig
from framework_hide_seek.tasks.counted import Counted
from framework_hide_seek.tasks.counter import Counter
from framework_hide_seek.tasks.counting import make_object_counting


def test_what_a_memory_holds_is_learnt_and_the_policy_is_not(framework_fit: Fit) -> None:
    """The policy's memory is made to say itself how often one side of the hall was looked at."""
    environment = make_object_counting(ObjectCountingConfig(num_envs=32, boxes=1, every=1, after=14))
    torch.manual_seed(0)
    policy = make_policy(environment, EntitiesConfig(embedding=32, heads=2, hidden=32, units=32))
    before = {name: value.clone() for name, value in policy.state_dict().items()}
    steps = 32 * environment.steps
    config = CounterConfig(budget=Budget(env_steps=12 * steps), epochs=20, learning_rate=0.02)
    algorithm = Counter(environment, policy, config)  # type: ignore[arg-type]
    framework_fit(algorithm)
    for name, value in policy.state_dict().items():
        assert torch.equal(value, before[name]), name
    report = Counted(CountedConfig(episodes=100))(algorithm, environment)
    assert report.metrics["accuracy"] > 0.75  # a random memory tells one box's way, most of the time
    assert report.metrics["chance"] == 0.5
    rows = np.array(report.tables["counts"].rows)
    assert rows[:, 1:].sum() == 100
    assert np.trace(rows[:, 1:]) == round(100 * report.metrics["accuracy"])


def test_what_cannot_count_says_so() -> None:
    game = Game(GameConfig(num_envs=1))
    policy = make_policy(game, EntitiesConfig(embedding=4, heads=1, hidden=4, units=4))
    config = CounterConfig(budget=Budget(env_steps=1))
    with pytest.raises(UserError, match="nothing to count"):
        Counter(game, policy, config)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="does not count"):
        Counted(CountedConfig())(object(), game)
