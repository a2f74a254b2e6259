"""An environment in which how well an episode goes follows from its hidden parameters alone."""

from __future__ import annotations

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from framework.contracts import EnvironmentParameter
from framework.errors import UserError


def performance(x):
    """At `x`: 20 at -2 and at 1."""
    return np.where(x > 0, 30 - 10 * x, 30 + 5 * x)


class Toy(gymnasium.vector.VectorEnv):
    """Episodes of two steps; the return is `performance(x)`, and y changes nothing."""

    def __init__(self, num_envs=16):
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.num_envs = num_envs
        self.single_observation_space = Box(-1, 1, (1,), np.float32)
        self.single_action_space = Box(-1, 1, (1,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.values = {"x": np.zeros(num_envs), "y": np.zeros(num_envs)}
        self.elapsed = np.zeros(num_envs, np.int64)
        self.played = []

    def parameters(self):
        return {name: EnvironmentParameter(v.copy(), -4.0, 4.0) for name, v in self.values.items()}

    def set_parameters(self, values, ids=None):
        ids = np.arange(self.num_envs) if ids is None else ids
        assert (self.elapsed[ids] == 0).all(), "set in the middle of an episode"
        if unknown := set(values) - set(self.values):
            raise UserError(f"unknown {unknown}")
        for name, value in values.items():
            self.values[name][ids] = value

    def reset(self, *, seed=None, options=None):
        self.elapsed[:] = 0
        return np.zeros((self.num_envs, 1), np.float32), {}

    def step(self, actions):
        self.elapsed += 1
        observation = np.zeros((self.num_envs, 1), np.float32)
        reward = performance(self.values["x"]) / 2
        ended = self.elapsed == 2
        info = {}
        if ended.any():
            final = np.empty(self.num_envs, object)
            final[:] = [row.copy() for row in observation]
            info = {"final_obs": final, "_final_obs": ended.copy()}
            self.played += list(zip(self.values["x"][ended], self.values["y"][ended], strict=True))
            self.elapsed[ended] = 0
        return observation, reward, np.zeros(self.num_envs, bool), ended, info

    def get_state(self):
        values = {name: value.copy() for name, value in self.values.items()}
        return {"elapsed": self.elapsed.copy(), **values}

    def set_state(self, state):
        self.elapsed = state["elapsed"].copy()
        self.values = {name: state[name].copy() for name in self.values}
