"""The same physics, observations, rewards and starts as the published Fetch classes."""

from __future__ import annotations

import itertools

import mujoco
import numpy as np
import pytest

from framework.sim.rotations import euler_angles
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.env import FetchEnv
from framework_her.fetch.model import NEVER_TOUCH
from framework_her.fetch.tasks import TASKS

TOLERANCE = 1e-9


def actions_towards(observation, task, rng, time):
    """Actions that go to the object, push it, close and open the fingers: contacts matter."""
    action = rng.uniform(-1.2, 1.2, 4)
    if task != "reach" and time < 35:
        above = np.array([0, 0, 0.02 * (time < 10)])
        action[:3] = 8 * (observation["observation"][6:9] + above) + rng.normal(0, 0.1, 3)
        action[3] = 1 if time < 15 else -1
    return action


def cases():
    """Every task with both rewards; dense ones, but for one, only among the slow tests."""
    for task in TASKS:
        yield task, "sparse"
        yield pytest.param(task, "dense", marks=[] if task == "pick_and_place" else pytest.mark.slow)


@pytest.mark.parametrize(("task", "reward_type"), list(cases()))
def test_same_state_and_actions_give_the_same_trajectory(stock, place, task, reward_type):
    published = stock(task, reward_type=reward_type)
    ours = FetchEnv(TASKS[task], FetchConfig(num_envs=3, reward_type=reward_type, max_episode_steps=60))
    assert np.abs(ours.robot.grip - published.initial_gripper_xpos).max() < TOLERANCE
    if ours.task.has_object:
        assert abs(ours.robot.height - published.height_offset) < TOLERANCE
    touched = False
    for seed, env in itertools.product(range(3), range(2)):
        observation, _ = ours.reset(seed=seed)
        expected = place(published, ours.batch.bind("qpos")[env], observation["desired_goal"][env])
        first = expected["achieved_goal"].copy()
        rng = np.random.default_rng([seed, env])
        precision = np.float32 if seed else np.float64
        for time in range(51):
            for key, value in expected.items():
                assert np.abs(observation[key][env] - value).max() < TOLERANCE, (seed, env, time, key)
            action = actions_towards(expected, task, rng, time).astype(precision)
            actions = rng.uniform(-1, 1, (3, 4)).astype(precision)
            actions[env] = action
            observation, reward, _, _, info = ours.step(actions)
            expected, expected_reward, _, _, expected_info = published.step(action)
            assert abs(reward[env] - expected_reward) < TOLERANCE
            assert info["is_success"][env] == expected_info["is_success"]
        touched |= bool(np.abs(expected["achieved_goal"] - first).max() > 0.02)
    assert touched, "nothing moved, so nothing was compared"


@pytest.mark.parametrize("task", TASKS)
def test_episodes_start_as_the_published_ones(stock, task):
    stats = pytest.importorskip("scipy.stats")
    published = stock(task)
    ours = FetchEnv(TASKS[task], FetchConfig(num_envs=1500))
    observation, _ = ours.reset(seed=0)
    theirs = [published.reset(seed=seed)[0] for seed in range(300)]
    columns = {"desired_goal": 3, "achieved_goal": 3}
    for key, axis in ((key, axis) for key, size in columns.items() for axis in range(size)):
        one, other = observation[key][:, axis], np.array([each[key][axis] for each in theirs])
        if np.ptp(other) < TOLERANCE:
            assert np.abs(one - other[0]).max() < TOLERANCE
        else:
            assert stats.ks_2samp(one, other).pvalue > 1e-3, (key, axis)
            assert other.min() > one.min() - 0.02
            assert other.max() < one.max() + 0.02
    robot = observation["observation"][:, :3]
    assert np.abs(robot - theirs[0]["observation"][:3]).max() < TOLERANCE
    if ours.task.has_object:
        offset = observation["achieved_goal"][:, :2] - ours.robot.grip[:2]
        assert np.linalg.norm(offset, axis=1).min() >= 0.1
        assert np.abs(offset).max() <= ours.task.object_range
    assert np.unique(observation["desired_goal"][:, 0]).size == 1500


def test_spaces_are_the_published_ones(stock):
    for task in TASKS:
        published = stock(task)
        ours = FetchEnv(TASKS[task], FetchConfig(num_envs=1))
        assert ours.single_observation_space == published.observation_space
        assert ours.single_action_space == published.action_space


def test_euler_angles_are_the_published_ones():
    rotations = pytest.importorskip("gymnasium_robotics.utils.rotations")
    rng = np.random.default_rng(0)
    angles = rng.uniform(-np.pi, np.pi, (500, 3))
    angles[:20, 1] = np.pi / 2
    angles[20:40, 1] = -np.pi / 2
    angles[40:60] = np.round(angles[40:60] / np.pi * 2) * np.pi / 2
    matrices = rotations.euler2mat(angles)
    matrices[:5] = [[0, 0, 1], [1, 0, 0], [0, 1, 0]]  # exactly locked
    matrices[5] = np.eye(3)
    found = euler_angles(matrices.reshape(-1, 9))
    np.testing.assert_allclose(found, rotations.mat2euler(matrices), rtol=0, atol=1e-12)


def test_links_left_out_of_collisions_never_touch(stock):
    """Over all joint angles, a little beyond the limits: farther than contacts reach."""
    published = stock("push")
    model, data = published.model, published.data
    hinges = [j for j in range(model.njnt) if model.jnt_type[j] == mujoco.mjtJoint.mjJNT_HINGE.value]
    lift = model.joint("robot0:torso_lift_joint")
    limited = model.jnt_limited[hinges].astype(bool)
    low = np.where(limited, model.jnt_range[hinges, 0] - 0.05, -np.pi)
    high = np.where(limited, model.jnt_range[hinges, 1] + 0.05, np.pi)
    rng = np.random.default_rng(0)
    closest = np.inf
    for _ in range(1500):
        angles = rng.uniform(low, high)
        extreme = rng.random(len(hinges)) < 0.25
        angles[extreme] = np.where(rng.random(extreme.sum()) < 0.5, low[extreme], high[extreme])
        data.qpos[model.jnt_qposadr[hinges]] = angles
        data.qpos[lift.qposadr[0]] = rng.uniform(*lift.range)
        mujoco.mj_kinematics(model, data)
        for one, other in NEVER_TOUCH:
            pair = model.geom(f"robot0:{one}").id, model.geom(f"robot0:{other}").id
            closest = min(closest, mujoco.mj_geomDistance(model, data, *pair, 1.0, None))
    assert closest > 2 * model.geom_margin.max()
