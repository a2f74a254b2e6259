"""The puck's physics against what can be worked out, and its rules."""

from __future__ import annotations

import numpy as np
import pytest

from framework.testing import assert_same
from framework_adr.config import PUCK, PuckConfig
from framework_adr.puck import PuckEnv


def make(**parameters):
    env = PuckEnv(PuckConfig(**{"num_envs": 6, **parameters}))
    env.reset(seed=0)
    return env


def pushed(parameters, action=(1.0, 0.0), steps=1):
    """Speeds of a puck that was at rest in the middle, after so many steps of 50 ms."""
    env = make(num_envs=1)
    env.set_parameters(parameters)
    env._qpos[:], env.goal[:] = 0.0, 5.0
    for _ in range(steps):
        env.step(np.array([action], np.float32))
    return env._qvel[0]


def speed(force, mass=1.0, damping=1.0, seconds=0.05):
    """m v' = F - d v, by the implicit steps of 10 ms that are MuJoCo's."""
    v = 0.0
    for _ in range(round(seconds / 0.01)):
        v = (v + 0.01 * force / mass) / (1 + 0.01 * damping / mass)
    return v


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, (speed(4), 0)),
        ({"turn": np.pi / 2}, (0, speed(4))),
        ({"turn": -np.pi / 6}, (speed(4 * 0.75**0.5), speed(-2))),
        ({"gain": 2.0}, (speed(8), 0)),
        ({"mass": 2.0}, (speed(4, mass=2), 0)),
        ({"damping": 3.0}, (speed(4, damping=3), 0)),
        ({"tilt_x": 1.0, "tilt_y": -2.0}, (speed(5), speed(-2))),
        ({"tilt_x": 1.0, "mass": 2.0}, (speed(6, mass=2), 0)),
    ],
)
def test_physics(parameters, expected):
    np.testing.assert_allclose(pushed(parameters), expected, atol=1e-9)


def test_goals_and_rewards():
    env = make(steps=4)
    assert tuple(env.parameters()) == PUCK
    still = np.zeros((6, 2), np.float32)
    env._qpos[:], env._qvel[:] = 0.0, 0.0
    env.goal[:], env._left[:] = [0.0, 0.5], 0.5
    env.goal[0], env._left[0] = [0.05, 0.0], 0.05
    seen, reward, terminated, truncated, info = env.step(still)
    assert info["is_success"].tolist() == info["goals"].tolist() == [True, *[False] * 5]
    np.testing.assert_allclose(reward, [1, *[0] * 5], atol=1e-12)
    assert not (terminated | truncated).any()
    # A new goal where it was reached, which is what is observed.
    np.testing.assert_allclose(seen["policy"][:, 4:6], env.goal, atol=1e-6)
    assert np.abs(env.goal[0] - [0.05, 0]).max() > 1e-3
    assert_same(seen["policy"][1:, 4:6], np.tile(np.float32([0, 0.5]), (5, 1)))
    up = np.tile(np.float32([0, 1]), (6, 1))
    moved = env.step(up)[1]
    np.testing.assert_allclose(moved[1:], env._qpos[1:, 1], atol=1e-12)
    for _ in range(2):
        *_, truncated, info = env.step(still)
    assert truncated.all()
    assert info["final_info"]["goals"][0] >= 1
    assert (env._goals == 0).all()


def test_parameters_are_observed_by_the_critic():
    env = make()
    env.set_parameters({"mass": np.linspace(1, 2, 6)})
    seen = env.step(np.zeros((6, 2), np.float32))[0]["hidden"]
    np.testing.assert_allclose(seen[:, PUCK.index("mass")], np.linspace(1, 2, 6), rtol=1e-6)
