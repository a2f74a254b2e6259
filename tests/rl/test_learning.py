"""A small actor-critic made of the kit's pieces learns what it should."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from framework.rl.buffers.rollout import RolloutBuffer
from framework.rl.collect.rollout import RolloutCollector
from framework.rl.policy import actor_critic
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


def train(environment, policy, cycles, *, steps, sequence_length, minibatches, gamma, epochs=4):
    """Proximal policy optimisation; returns the mean return of each cycle's episodes."""
    collector = RolloutCollector(environment, policy, seed=0, sequence_length=sequence_length)
    buffer = RolloutBuffer(steps, sequence_length, gamma=gamma, lam=0.95)
    optimizer = torch.optim.Adam(policy.parameters(), lr=3e-3)
    curve = []
    for _ in range(cycles):
        buffer.add(collector.collect(steps))
        curve.append(np.mean([ret for ret, _ in collector.finished]))
        for part in (part for _ in range(epochs) for part in buffer.minibatches(minibatches)):
            judged = policy.evaluate(part.observation, part.action, part.state_in, part.is_first)
            advantage = (part.advantage - part.advantage.mean()) / (part.advantage.std() + 1e-8)
            ratio = (judged.log_prob - part.log_prob).exp()
            gain = torch.minimum(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage)
            loss = (
                0.5 * (judged.value - part.target).square().mean()
                - gain.mean()
                - 0.01 * judged.entropy.mean()
            )
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
            optimizer.step()
        buffer.clear()
    return curve


@pytest.mark.parametrize("memory", [pytest.param("lstm", marks=pytest.mark.slow), "gru", None])
def test_what_was_shown_is_recalled_with_a_memory_only(memory):
    torch.manual_seed(0)
    environment = Recall()
    spaces = environment.single_observation_space, environment.single_action_space
    policy = actor_critic(*spaces, hidden=[16], memory=memory, units=16)
    curve = train(environment, policy, 14, steps=20, sequence_length=10, minibatches=2, gamma=0.95)
    late = np.mean(curve[-3:])
    assert late > 0.9 if memory else late < 0.65


@pytest.mark.slow
def test_a_point_finds_its_goal():
    torch.manual_seed(0)
    environment = PointGoal(16, ends_at_goal=True)
    spaces = environment.single_observation_space, environment.single_action_space
    policy = actor_critic(*spaces, hidden=[32], groups={"actor": ["observation", "desired_goal"]})
    curve = train(environment, policy, 30, steps=32, sequence_length=1, minibatches=4, gamma=0.95)
    assert np.mean(curve[-3:]) > np.mean(curve[:3]) + 5
