"""PPO learns what it should, and without a memory not what it cannot."""

from __future__ import annotations

import gymnasium
import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from framework.rl.budget import Budget
from framework.rl.on_policy.config import PolicyConfig, PPOConfig
from framework.rl.on_policy.model import make_policy
from framework.rl.on_policy.ppo import PPO
from framework.testing.point_goal import PointGoal


class Recall(gymnasium.vector.VectorEnv):
    """Show a sign once, and ask for it some steps later: 1 for the right answer, else 0."""

    def __init__(self, num_envs=32, delay=4):
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.num_envs, self.delay = num_envs, delay
        self.single_observation_space = Box(-1, 1, (2,))
        self.single_action_space = Discrete(2)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)

    def reset(self, *, seed=None, options=None):
        self.random = np.random.default_rng(seed)
        self.sign = self.random.integers(2, size=self.num_envs)
        # Episodes end at different times: resets fall into the middle of sequences.
        self.elapsed = np.arange(self.num_envs) % (self.delay + 1)
        return self.observe(), {}

    def observe(self):
        shown = np.where(self.elapsed == 0, 2 * self.sign - 1, 0)
        return np.stack([shown, self.elapsed == self.delay], -1).astype(np.float32)

    def step(self, actions):
        asked = self.elapsed == self.delay
        reward = (asked & (actions == self.sign)).astype(np.float64)
        self.elapsed = np.where(asked, 0, self.elapsed + 1)
        self.sign = np.where(asked, self.random.integers(2, size=self.num_envs), self.sign)
        info = {"final_obs": np.array([np.zeros(2, np.float32)] * self.num_envs + [None], object)[:-1]}
        return self.observe(), reward, asked, np.zeros_like(asked), info | {"_final_obs": asked}


def train(fit, environment, policy, cycles, **config):
    """PPO; returns the mean return of each cycle's episodes."""
    steps = config["steps"]
    budget = Budget(env_steps=cycles * steps * environment.num_envs)
    config = PPOConfig(budget=budget, learning_rate=3e-3, entropy_weight=0.01, gamma=0.95, **config)
    returns = Returns()
    fit(PPO(environment, policy, config), callbacks=[returns])
    return returns.curve


class Returns(pl.Callback):
    def __init__(self):
        self.curve = []

    def on_train_batch_end(self, trainer, *_):
        self.curve.append(float(trainer.callback_metrics["train/return"]))


@pytest.mark.parametrize("memory", [pytest.param("lstm", marks=pytest.mark.slow), "gru", None])
def test_what_was_shown_is_recalled_with_a_memory_only(framework_fit, memory):
    torch.manual_seed(0)
    environment = Recall()
    policy = make_policy(environment, PolicyConfig(hidden=(16,), memory=memory, units=16))
    curve = train(framework_fit, environment, policy, 14, steps=20, sequence_length=10, minibatches=2)
    late = np.mean(curve[-3:])
    assert late > 0.9 if memory else late < 0.65


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [False, True])
def test_a_point_finds_its_goal(framework_fit, overlap):
    torch.manual_seed(0)
    environment = PointGoal(16, ends_at_goal=True)
    groups = {"actor": ("observation", "desired_goal")}
    policy = make_policy(environment, PolicyConfig(hidden=(32,), groups=groups, normalize=True))
    curve = train(framework_fit, environment, policy, 30, steps=32, overlap=overlap, normalize_rewards=True)
    assert np.mean(curve[-3:]) > np.mean(curve[:3]) + 5
