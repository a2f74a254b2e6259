"""Environments whose every number is known: for collectors and buffers."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
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


class Mortal(Counting):
    """Kills its process at the seventh step while there is a file, once if `again` is false."""

    def __init__(self, file: Path, again: bool = False) -> None:
        super().__init__()
        self.file, self.again, self.steps = file, again, 0

    def step(self, actions):
        self.steps += 1
        if self.steps == 7 and self.file.exists():
            with contextlib.suppress(FileNotFoundError):  # another worker was faster
                if not self.again:
                    self.file.unlink()
                os.kill(os.getpid(), signal.SIGKILL)
        return super().step(actions)


class Failing(Counting):
    """Cannot be stepped."""

    def step(self, actions):
        raise ZeroDivisionError("no step is possible")


class Duel(gymnasium.vector.VectorEnv[Any, Any, Any]):
    """Two teams of two, crosswise at a table; each earns by choosing what is of no use to the other.

    An agent sees its number, its team and the step. Evens earn 1 for each of theirs that chooses 2, odds for
    each of theirs that chooses 0, and what one team earns the other loses. In the first step of an
    episode odds cannot act: what they choose counts for nothing. Episodes of environment i last 3 + i steps.
    """

    def __init__(self, num_envs: int = 4) -> None:
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.num_envs, self.teams = num_envs, {"evens": (0, 2), "odds": (1, 3)}
        self.single_observation_space = Dict(sees=Box(-np.inf, np.inf, (4, 3), np.float32))
        self.single_action_space = gymnasium.spaces.MultiDiscrete(np.full((4, 1), 3))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.elapsed = np.zeros(num_envs, np.int64)

    @property
    def can_act(self):
        return (np.arange(4) % 2 == 0) | (self.elapsed > 0)[:, None]

    def observe(self):
        agent = np.broadcast_to(np.arange(4), (self.num_envs, 4))
        elapsed = np.broadcast_to(self.elapsed[:, None], agent.shape)
        return {"sees": np.stack([agent, agent % 2, elapsed], -1).astype(np.float32)}

    def reset(self, *, seed=None, options=None):
        self.elapsed[:] = 0
        return self.observe(), {}

    def step(self, actions):
        chosen = np.asarray(actions)[..., 0]
        good = (chosen == np.where(np.arange(4) % 2 == 0, 2, 0)) & self.can_act
        reward = good.astype(float) @ np.where(np.add.outer(np.arange(4), np.arange(4)) % 2 == 0, 1.0, -1.0)
        self.elapsed += 1
        ended = self.elapsed >= 3 + np.arange(self.num_envs)
        info: dict[str, Any] = {}
        if ended.any():
            final = np.full(self.num_envs, None, dtype=object)
            seen = self.observe()["sees"]
            for i in np.flatnonzero(ended):
                final[i] = {"sees": seen[i]}
            info = {"final_obs": final, "_final_obs": ended}
            self.elapsed[ended] = 0
        return self.observe(), reward, np.zeros(self.num_envs, bool), ended, info

    def get_state(self):
        return self.elapsed.copy()

    def set_state(self, state):
        self.elapsed[:] = state
