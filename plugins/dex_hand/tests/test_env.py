"""Rules, actions, observations, parameters and the saved state of the environment."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np
import pytest

from framework.sim.rotations import product, turn
from framework.sim.shadow_hand import HINGES
from framework_dex_hand.config import ReorientConfig
from framework_dex_hand.env import ReorientEnv
from framework_dex_hand.hand import ORIGIN
from framework_dex_hand.model import PLACE, TURNED


def make(**parameters: Any) -> ReorientEnv:
    env = ReorientEnv(ReorientConfig(**{"num_envs": 3, "threads": 1, "starts": 8, **parameters}))
    env.reset(seed=0)
    return env


STILL = np.zeros((3, 20), np.float32)


def ask(env, env_id, turns):
    """Give one environment a goal so far from where its object is, about the vertical."""
    env.goal[env_id] = product(
        turn(np.array([turns]), np.array([[0.0, 0, 1]])), env._qpos[env_id, TURNED][None]
    )[0]
    env._angle[env_id] = abs(turns)


def test_rewards_goals_and_drops():
    env = make(max_successes=2, smoothing=0.0)
    ask(env, 0, 0.1), ask(env, 1, 2.0), ask(env, 2, 2.0)
    env._qpos[2, PLACE.stop - 1] = 0.03
    before = env._angle.copy()
    _, reward, terminated, truncated, info = env.step(STILL)
    np.testing.assert_array_equal(info["is_success"], [True, False, False])
    np.testing.assert_array_equal(terminated, [False, False, True])
    np.testing.assert_array_equal(info["final_info"]["dropped"], terminated)
    np.testing.assert_allclose(reward, before - info["angle"] + [5, 0, -20], atol=1e-12)
    # Goals are drawn anew where one was reached, and progress is counted towards that.
    assert env._successes.tolist() == [1, 0, 0]
    assert env._waited.tolist() == [0, 1, 0]
    ask(env, 0, 0.1)
    _, _, terminated, truncated, info = env.step(STILL)
    assert truncated.tolist() == [True, False, False]
    assert not terminated.any()
    assert info["final_info"]["successes"][0] == 2
    assert env._successes[0] == 0


def test_a_goal_that_takes_too_long_truncates():
    env = make(steps_per_goal=3, tolerance=1e-3)
    ends = [env.step(STILL)[3].all() for _ in range(6)]
    assert ends == [False, False, True] * 2


def test_observations_are_what_mujoco_says():
    env = make()
    seen = env.step(STILL)[0]
    data = mujoco.MjData(env.batch.model)
    for i in range(3):
        data.qpos[:], data.qvel[:] = env._qpos[i], env._qvel[i]
        mujoco.mj_forward(env.batch.model, data)
        place = data.body("object").xpos
        np.testing.assert_allclose(seen["policy"][i, 15:18], place - ORIGIN, atol=1e-6)
        tips = [data.site(f"robot0:S_{finger}tip").xpos - ORIGIN for finger in ("ff", "mf", "rf", "lf", "th")]
        # Fingertips lag by a physics step.
        np.testing.assert_allclose(seen["policy"][i, :15], np.ravel(tips), atol=5e-3)
        left, now, goal = np.zeros(4), data.body("object").xquat.copy(), env.goal[i]
        mujoco.mju_negQuat(now, now)
        mujoco.mju_mulQuat(left, goal, now)
        left *= np.sign(left[0])
        np.testing.assert_allclose(seen["policy"][i, 18:], left, atol=1e-6)
        critic = np.split(seen["critic"][i], [24, 48, 68, 83, 86, 101, 110, 116, 125])
        np.testing.assert_allclose(critic[0], data.qpos[:HINGES], atol=1e-6)
        np.testing.assert_allclose(critic[6], data.body("object").xmat, atol=1e-6)
        vector = np.zeros(3)
        mujoco.mju_quat2Vel(vector, left, 1.0)
        np.testing.assert_allclose(critic[9], vector, atol=1e-5)
        assert env._angle[i] == pytest.approx(np.linalg.norm(vector))


@pytest.mark.parametrize("control", ["absolute", "relative"])
def test_targets(control):
    env = make(control=control, bins=11, smoothing=0.3)
    low, high = env.batch.model.actuator_ctrlrange.T
    actions = np.random.default_rng(0).integers(0, 11, (3, 20))
    lengths = env._qpos[
        :, [env.batch.model.joint(j).qposadr[0] for j in env.batch.model.actuator_trnid[:, 0]]
    ]
    middle = (low + high) / 2 if control == "absolute" else lengths
    env.step(actions)
    wanted = middle + (high - low) / 2 * 0.7 * (actions / 5 - 1)
    np.testing.assert_allclose(env._ctrl, wanted.clip(low, high), atol=1e-12)
    assert env.single_action_space.nvec.tolist() == [11] * 20


def test_a_blown_up_hand_costs_one_episode_and_earns_nothing():
    env = make()
    env._qvel[1, 3] = np.nan
    _, reward, terminated, truncated, info = env.step(STILL)
    assert info["diverged"].tolist() == [False, True, False]
    assert (truncated[1], terminated[1]) == (True, False)
    assert abs(reward[1]) < 1e-6  # the angle is of an observation, float32
    assert env.diverged == 1
