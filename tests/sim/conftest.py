"""A small environment to try the simulation kit with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import mujoco
import numpy as np
import pytest

from framework.sim import VectorEnv

XML = """
<mujoco>
  <option timestep="0.01"/>
  <worldbody>
    <body><joint name="x" type="slide" axis="1 0 0" damping="0.1"/><geom size=".1" mass="1"/></body>
    <body pos="0 1 0"><joint name="goal" type="slide" axis="1 0 0"/><geom size=".05" mass="1"/></body>
  </worldbody>
  <actuator><motor joint="x" gear="20"/></actuator>
</mujoco>
"""


class Cart(VectorEnv):
    """Push a cart along a rail; the episode ends where the rail ends, 1 m from the middle."""

    SPACES: tuple[gymnasium.Space[Any], gymnasium.Space[Any]] = (
        gymnasium.spaces.Dict(
            {
                "state": gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64),
                "goal": gymnasium.spaces.Box(-1, 1, (1,), np.float64),
            }
        ),
        gymnasium.spaces.Box(-1, 1, (1,), np.float32),
    )

    def __init__(self, num_envs: int = 4, **options: Any) -> None:
        super().__init__(
            mujoco.MjModel.from_xml_string(XML),
            num_envs,
            observation_space=self.SPACES[0],
            action_space=self.SPACES[1],
            substeps=5,
            **{"threads": 1, "max_episode_steps": 12} | options,
        )
        self.goal = self.remember("goal", np.zeros((num_envs, 1)))
        self.qpos, self.qvel, self.ctrl = map(self.batch.bind, ("qpos", "qvel", "ctrl"))
        self._zero = self.batch.state[0].copy()

    def _start(self, ids: np.ndarray) -> None:
        self.batch.state[ids] = self._zero
        self.qpos[ids, :1] = self.streams.uniform(ids, -0.8, 0.8, 1)
        self.goal[ids] = self.streams.uniform(ids, -1, 1, 1)

    def _act(self, actions: np.ndarray, rows: Any) -> None:
        self.ctrl[rows] = actions

    def _observe(self, rows: Any) -> dict[str, np.ndarray]:
        state = np.stack([self.qpos[rows, 0], self.qvel[rows, 0]], axis=-1)
        return {"state": state, "goal": self.goal[rows].copy()}

    def _judge(self, observation: dict[str, np.ndarray], actions: np.ndarray) -> Any:
        x = observation["state"][:, 0]
        return -np.abs(x - observation["goal"][:, 0]), np.abs(x) > 1, False, {"right": x > 0}

    def _decorate(self, data: Any, env: int) -> None:
        data.geom_xpos[1, 0] = self.goal[env, 0]


@pytest.fixture
def make_cart() -> Callable[..., Cart]:
    return Cart


def play(env: Any, steps: int, seed: int = 0) -> list[tuple[Any, ...]]:
    """Step with random actions, the same ones for any number of environments."""
    width = 64
    actions = np.random.default_rng(seed).uniform(-1.2, 1.2, (steps, width, *env.single_action_space.shape))
    return [env.step(action[: env.num_envs]) for action in actions]


@pytest.fixture(name="play")
def play_fixture() -> Callable[..., Any]:
    return play
