"""Environments whose every number is known: for collectors and buffers."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space


class Counting(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """Every observation is unlike every other, so that one found in the wrong place is noticed.

    An observation is `{"tag": (environment, episode, step), "byte": step % 256}`; episodes of
    environment i last 1 to 5 steps, drawn anew each time, and end either way. The reward is the
    step's number. With agents, the tag also names the agent, and memory is reused between steps.
    """

    def __init__(self, num_envs: int = 3, agents: int | None = None, longest: int = 5) -> None:
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.num_envs, self.agents, self.longest = num_envs, agents, longest
        self.single_observation_space = Dict(
            tag=Box(-np.inf, np.inf, (4,), np.float64), byte=Box(0, 255, (1,), np.uint8)
        )
        self.single_action_space = Discrete(3)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.axes = (num_envs,) if agents is None else (num_envs, agents)
        self.memory = {"tag": np.zeros((*self.axes, 4)), "byte": np.zeros((*self.axes, 1), np.uint8)}

    def reset(self, *, seed=None, options=None):
        self.random = np.random.default_rng(seed)
        self.episode = np.zeros(self.num_envs, np.int64)
        self.elapsed = np.zeros(self.num_envs, np.int64)
        self.length = self.random.integers(1, self.longest + 1, self.num_envs)
        return self.observe(), {}

    def observe(self):
        per_agent = lambda x: np.broadcast_to(x.reshape(-1, *[1] * (len(self.axes) - 1)), self.axes)  # noqa: E731
        tag = [np.arange(self.num_envs), self.episode, self.elapsed]
        agent = np.broadcast_to(np.arange(self.agents or 1), self.axes if self.agents else (self.num_envs, 1))
        self.memory["tag"][:] = np.stack(
            [*map(per_agent, tag), agent.reshape(self.axes) if self.agents else agent[:, 0]], -1
        )
        self.memory["byte"][:] = (per_agent(self.elapsed) % 256)[..., None]
        return self.memory

    def step(self, actions):
        assert np.asarray(actions).shape == self.axes
        self.elapsed += 1
        observation = self.observe()
        reward = np.broadcast_to(self.elapsed.reshape(-1, *[1] * (len(self.axes) - 1)), self.axes).astype(
            float
        )
        ended = self.elapsed >= self.length
        terminated = ended & (self.random.random(self.num_envs) < 0.5)
        info: dict[str, Any] = {}
        if ended.any():
            final = np.full(self.num_envs, None, dtype=object)
            for i in np.flatnonzero(ended):
                final[i] = {key: value[i].copy() for key, value in observation.items()}
            info = {"final_obs": final, "_final_obs": ended}
            self.episode[ended] += 1
            self.elapsed[ended] = 0
            self.length[ended] = self.random.integers(1, self.longest + 1, ended.sum())
            observation = self.observe()
        return observation, reward, terminated, ended & ~terminated, info

    def get_state(self):
        return {
            "random": self.random.bit_generator.state,
            **{name: getattr(self, name).copy() for name in ("episode", "elapsed", "length")},
        }

    def set_state(self, state):
        self.random = np.random.default_rng()
        self.random.bit_generator.state = state["random"]
        for name in ("episode", "elapsed", "length"):
            setattr(self, name, state[name].copy())
