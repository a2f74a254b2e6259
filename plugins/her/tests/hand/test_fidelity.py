"""The same physics, observations, rewards and starts as the published hand classes."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

import framework_her.hand
from framework.sim import rotations
from framework_her.hand import tasks
from framework_her.hand.config import BlockConfig, EggConfig, HandReachConfig, PenConfig

TOLERANCE = 1e-9
MAKERS = {
    "Block": (tasks.make_block, BlockConfig),
    "Egg": (tasks.make_egg, EggConfig),
    "Pen": (tasks.make_pen, PenConfig),
}
#: Names of the tasks with an object: ("Block", "rotate_z") and so on.
MANIPULATE = [(thing, task) for thing, names in framework_her.hand.OBJECTS.items() for task in names.values()]
#: What `stock` calls our rotations.
ROTATIONS = {"rotate_z": "z", "rotate_parallel": "parallel"}


def ours(thing, task, num_envs=2, **parameters):
    if thing == "Reach":
        return tasks.make_reach(HandReachConfig(num_envs=num_envs, threads=1, **parameters))
    make, config = MAKERS[thing]
    return make(config(task=task, num_envs=num_envs, threads=1, **parameters))


def theirs(published, thing, task, touch="none", **options):
    """The published environment, with the arguments of its gymnasium id."""
    if thing == "Reach":
        return published("shadow_dexterous_hand.reach:MujocoHandReachEnv", **options)
    options |= {
        "target_position": "random" if task == "full" else "ignore",
        "target_rotation": ROTATIONS.get(task, "xyz"),
    }
    module, sensors = f"shadow_dexterous_hand.manipulate_{thing.lower()}", ""
    if touch != "none":
        module, sensors = f"{module}_touch_sensors", "TouchSensors"
        options["touch_get_obs"] = {"boolean": "boolean", "continuous": "sensordata"}[touch]
    return published(f"{module}:MujocoHand{thing}{sensors}Env", **options)


def put(env, row, goal):
    """Put a published environment at a chosen start of an episode; return its observation."""
    env.reset(seed=0)
    mujoco.mj_setState(env.model, env.data, row, mujoco.mjtState.mjSTATE_INTEGRATION.value)
    mujoco.mj_forward(env.model, env.data)
    env.goal = goal.copy()
    return env._get_obs()


def compare(env, stock, seeds=(0, 1), steps=51):
    """Step both from the same states with the same actions; return how many rewards differed."""
    rng = np.random.default_rng(0)
    rewards = set()
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        if seed:  # a goal that is reached, until the hand moves
            env.goal[0] = observation["achieved_goal"][0]
            observation["desired_goal"][0] = env.goal[0]
        expected = put(stock, env.batch.state[0], env.goal[0])
        for time in range(steps):
            for key, value in expected.items():
                assert np.abs(observation[key][0] - value).max() < TOLERANCE, (seed, time, key)
            size = 1.2 if seed else 0.3
            actions = rng.uniform(-size, size, (env.num_envs, 20)).astype(np.float32 if seed else np.float64)
            observation, reward, _, _, info = env.step(actions)
            expected, expected_reward, _, _, expected_info = stock.step(actions[0])
            assert abs(reward[0] - expected_reward) < TOLERANCE
            assert info["is_success"][0] == expected_info["is_success"]
            rewards.add(float(reward[0]))
    return rewards


@pytest.mark.parametrize(
    ("thing", "task", "touch", "reward_type"),
    [
        ("Reach", "", "none", "dense"),
        ("Block", "rotate_parallel", "none", "sparse"),
        ("Egg", "full", "continuous", "sparse"),
        ("Pen", "full", "boolean", "dense"),
    ],
)
def test_same_state_and_actions_give_the_same_trajectory(published, thing, task, touch, reward_type):
    feeling = {} if thing == "Reach" else {"touch": touch}
    env = ours(thing, task, reward_type=reward_type, max_episode_steps=60, **feeling)
    stock = theirs(published, thing, task, reward_type=reward_type, **feeling)
    assert env.single_observation_space == stock.observation_space
    assert env.single_action_space == stock.action_space
    rewards = compare(env, stock)
    assert len(rewards) > 1, "all rewards were the same"


@pytest.mark.slow
@pytest.mark.parametrize("reward_type", ["sparse", "dense"])
@pytest.mark.parametrize("touch", ["none", "boolean", "continuous"])
@pytest.mark.parametrize(("thing", "task"), [("Reach", ""), *MANIPULATE])
def test_every_task_gives_the_published_trajectory(published, thing, task, touch, reward_type):
    if thing == "Reach" and touch != "none":
        pytest.skip("HandReach feels nothing")
    feeling = {} if thing == "Reach" else {"touch": touch}
    env = ours(thing, task, reward_type=reward_type, max_episode_steps=60, **feeling)
    compare(env, theirs(published, thing, task, reward_type=reward_type, **feeling), seeds=range(4))


def starts(env, count):
    observation, _ = env.reset(seed=0)
    assert len(observation["observation"]) == count
    return observation


def same_distribution(found, expected):
    stats = pytest.importorskip("scipy.stats")
    for axis in range(expected.shape[1]):
        one, other = found[:, axis], expected[:, axis]
        if np.ptp(other) < TOLERANCE:
            assert np.abs(one - other[0]).max() < TOLERANCE, axis
        else:
            assert stats.ks_2samp(one, other).pvalue > 1e-3, axis


def test_the_hand_reaches_for_the_published_goals(published):
    stock = theirs(published, "Reach", "")
    expected = [stock.reset(seed=seed)[0] for seed in range(200)]
    observation = starts(ours("Reach", "", 600), 600)
    np.testing.assert_allclose(
        observation["observation"], expected[0]["observation"][None].repeat(600, 0), atol=TOLERANCE
    )
    same_distribution(observation["desired_goal"], np.stack([one["desired_goal"] for one in expected]))
    moved = np.abs(observation["desired_goal"] - observation["achieved_goal"]).reshape(-1, 5, 3).max(axis=-1)
    moved = moved > TOLERANCE
    assert set(moved[:, :4].sum(axis=1)) == {0, 1}, "one finger meets the thumb, or none"
    np.testing.assert_array_equal(moved[:, 4], moved[:, :4].any(axis=1))


@pytest.mark.slow
@pytest.mark.parametrize(("thing", "task"), MANIPULATE)
def test_objects_start_and_goals_are_drawn_as_published(published, thing, task):
    stock = theirs(published, thing, task)
    expected = [stock.reset(seed=seed)[0] for seed in range(200)]
    observation = starts(ours(thing, task, 400), 400)
    for key in ("desired_goal", "achieved_goal", "observation"):
        same_distribution(observation[key], np.stack([one[key] for one in expected]))
    for key in ("desired_goal", "achieved_goal"):
        found, between = observation[key][:, :3], [one[key][:3] for one in expected]
        room = 0.25 * np.ptp(between, axis=0) + 0.01
        assert (found.min(axis=0) > np.min(between, axis=0) - room).all()
        assert (found.max(axis=0) < np.max(between, axis=0) + room).all()


@pytest.mark.parametrize(("thing", "task"), MANIPULATE)
def test_rewards_are_those_of_one_published_pair_at_a_time(published, thing, task):
    rng = np.random.default_rng(0)
    a, b = (np.concatenate([0.02 * rng.normal(size=(60, 3)), rng.normal(size=(60, 4))], axis=1) for _ in "ab")
    b[:40] = a[:40] + rng.normal(size=(40, 7)) * ([0.004] * 3 + [0.02] * 4)
    for goals in (a, b):
        goals[:, 3:] /= np.linalg.norm(goals[:, 3:], axis=1, keepdims=True)
    b[20:40, 3:] *= -1
    for reward_type in ("sparse", "dense"):
        stock = theirs(published, thing, task, reward_type=reward_type)
        env = ours(thing, task, 1, reward_type=reward_type)
        expected = [stock.compute_reward(x, y, {}) for x, y in zip(a, b, strict=True)]
        assert len(set(expected)) > 1
        np.testing.assert_allclose(env.compute_reward(a, b, {}), expected, rtol=0, atol=TOLERANCE)
        assert env.compute_reward(a[0], b[0], None) == pytest.approx(expected[0], abs=TOLERANCE)


@pytest.mark.parametrize("thing", ["Block", "Pen"])
def test_corrected_rewards_take_the_smaller_angle(thing):
    transform = pytest.importorskip("scipy.spatial.transform")
    rng = np.random.default_rng(1)
    a, b = transform.Rotation.random(80, rng=rng), transform.Rotation.random(80, rng=rng)
    b = transform.Rotation.concatenate(
        [a[:40] * transform.Rotation.from_rotvec(0.05 * rng.normal(size=(40, 3))), b[40:]]
    )
    if thing == "Pen":  # its spin does not count
        angles = a.as_euler("XYZ")
        angles[:, 2] = b.as_euler("XYZ")[:, 2]
        expected = (transform.Rotation.from_euler("XYZ", angles) * b.inv()).magnitude()
    else:
        expected = (a * b.inv()).magnitude()
    achieved, desired = np.zeros((80, 7)), np.zeros((80, 7))
    achieved[:, 3:], desired[:, 3:] = a.as_quat()[:, [3, 0, 1, 2]], b.as_quat()[:, [3, 0, 1, 2]]
    task = "full"
    dense = ours(thing, task, 1, reward_type="dense", rotation_distance="shortest")
    for sign in (1, -1):
        desired[:, 3:] *= sign
        np.testing.assert_allclose(dense.compute_reward(achieved, desired, {}), -expected, atol=1e-7)
    sparse = ours(thing, task, 1, rotation_distance="shortest")
    np.testing.assert_array_equal(sparse.compute_reward(achieved, desired, {}) == 0, expected < 0.1)
    assert (ours(thing, task, 1, reward_type="dense").compute_reward(achieved, desired) < -np.pi).any()


def test_rotations_are_the_published_ones():
    published = pytest.importorskip("gymnasium_robotics.utils.rotations")
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 100, 4))
    np.testing.assert_allclose(rotations.product(one, other), published.quat_mul(one, other), atol=1e-12)
    np.testing.assert_allclose(rotations.matrix(one), published.quat2mat(one), atol=1e-12)
    np.testing.assert_allclose(rotations.euler(one), published.quat2euler(one), atol=1e-9)
    angles = rng.uniform(-np.pi, np.pi, (100, 3))
    np.testing.assert_allclose(rotations.from_euler(angles), published.euler2quat(angles), atol=1e-12)
    expected = np.array([published.euler2quat(each) for each in published.get_parallel_rotations()])
    np.testing.assert_allclose(rotations.parallel(), expected, atol=1e-12)
