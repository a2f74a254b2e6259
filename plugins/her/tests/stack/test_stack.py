"""Block stacking: starts, goals, rewards, and a tower that stands."""

from __future__ import annotations

import gymnasium
import mujoco
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import framework_her.stack
from framework.errors import UserError
from framework.testing import assert_same, check_environment
from framework_her.experts import arm
from framework_her.fetch.arm import NOTHING
from framework_her.fetch.config import FetchConfig
from framework_her.fetch.tasks import make_pick_and_place
from framework_her.stack.config import StackConfig
from framework_her.stack.env import APART, CLEARANCE, EDGE, RANGE, StackEnv


def make(blocks: int = 2, num_envs: int = 3, **parameters) -> StackEnv:
    return StackEnv(StackConfig(blocks=blocks, num_envs=num_envs, threads=1, **parameters))


@pytest.mark.parametrize("reward_type", ["sparse", "step", "dense"])
def test_the_component_keeps_the_contract(reward_type):
    section = {"use": "her/fetch_stack", "num_envs": 2, "threads": 1, "blocks": 3, "max_episode_steps": 4}
    check_environment({**section, "reward_type": reward_type}, steps=9)


@pytest.mark.parametrize("blocks", [2, 6])
def test_blocks_start_apart_on_the_table_and_the_tower_is_theirs(blocks):
    env = make(blocks, 300)
    observation, _ = env.reset(seed=0)
    places = observation["achieved_goal"].reshape(300, blocks, 3)
    goals = observation["desired_goal"].reshape(300, blocks, 3)
    np.testing.assert_allclose(places[..., 2], env.robot.height, atol=1e-6)
    np.testing.assert_allclose(
        goals[..., 2], env.robot.height + EDGE * np.arange(blocks)[None].repeat(300, 0)
    )
    assert (goals[..., :2] == goals[:, :1, :2]).all()
    spots = np.concatenate([goals[:, :1, :2], places[..., :2]], axis=1) - env.robot.grip[:2]
    assert np.abs(spots).max() <= RANGE
    assert np.linalg.norm(spots[:, 1:], axis=-1).min() >= CLEARANCE
    between = np.linalg.norm(spots[:, :, None] - spots[:, None], axis=-1) + np.eye(blocks + 1)
    assert between.min() >= APART - 1e-12
    assert np.unique(spots).size == spots.size
    # What an environment draws is not a matter of how many there are.
    assert_same(make(blocks, 5).reset(seed=0)[0], {key: value[:5] for key, value in observation.items()})


def test_rewards_are_those_of_a_loop_over_blocks():
    rng = np.random.default_rng(0)
    desired = rng.normal(size=(40, 9))
    achieved = desired + 0.035 * rng.normal(size=(40, 9)) * rng.integers(0, 2, (40, 1))
    away = np.array(
        [
            [np.linalg.norm(a - d) for a, d in zip(x.reshape(3, 3), y.reshape(3, 3), strict=True)]
            for x, y in zip(achieved, desired, strict=True)
        ]
    )
    placed = (away < 0.04).sum(axis=1)
    assert set(placed) == {0, 1, 2, 3}
    expected = {
        "sparse": np.where(placed == 3, 0.0, -1.0),
        "step": placed / 3 - 1,
        "dense": -away.mean(axis=1),
    }
    for reward_type, reward in expected.items():
        env = make(3, 1, reward_type=reward_type)
        np.testing.assert_allclose(env.compute_reward(achieved, desired, {}), reward, atol=1e-12)
        assert env.compute_reward(achieved[0], desired[0], None) == pytest.approx(reward[0])


def test_a_block_among_others_moves_as_in_pick_and_place():
    """The same arm, actions and physics, once kinematics are a substep late as they are there."""
    single = make_pick_and_place(FetchConfig(num_envs=1, threads=1))
    expected, _ = single.reset(seed=4)
    env = StackEnv(StackConfig(num_envs=1, threads=1), stage=NOTHING)
    env.reset(seed=0)
    env.batch.bind("qpos")[0, :-7] = single.batch.bind("qpos")[0]
    env.batch.forward(stage=mujoco.mjtStage.mjSTAGE_VEL.value)
    highest = 0.0
    for _ in range(30):
        action = arm.pick_and_place(expected)
        expected, found = single.step(action)[0], env.step(action)[0]
        numbers = np.split(expected["observation"], [3, 6, 9, 11, 14, 17, 20, 23], axis=1)
        grip, place, relative, fingers, turned, speed, spin, grip_speed, finger_speed = numbers
        parts = [grip, fingers, grip_speed, finger_speed, place, relative, turned, speed, spin]
        np.testing.assert_allclose(found["observation"][:, :25], np.concatenate(parts, axis=1), atol=1e-7)
        highest = max(highest, place[0, 2])
    assert highest > 0.5, "nothing was lifted, so nothing was compared"


def test_two_blocks_are_stacked_and_stay_when_the_gripper_has_left():
    env = make(2, 8)
    observation, _ = env.reset(seed=0)
    for _ in range(85):
        observation, reward, *_, info = env.step(arm.stack(observation))
    assert info["is_success"].all()
    assert not reward.any()
    grip, blocks = observation["observation"][:, None, :3], observation["achieved_goal"].reshape(8, 2, 3)
    assert np.linalg.norm(grip - blocks, axis=-1).min() > 0.05


@pytest.mark.slow
@pytest.mark.parametrize(("blocks", "least"), [(3, 0.98), (4, 0.95), (5, 0.95), (6, 0.9)])
def test_towers_of_up_to_six_blocks_can_be_built(blocks, least):
    env = make(blocks, 50)
    observation, _ = env.reset(seed=1)
    for _ in range(50 * blocks - 1):
        observation, *_, info = env.step(arm.stack(observation))
    assert info["is_success"].mean() >= least


def test_a_blown_up_simulation_costs_one_episode():
    env, twin = make(2, 3), make(2, 3)
    env.reset(seed=0), twin.reset(seed=0)
    env.batch.bind("qvel")[1, -1] = np.nan
    actions = np.random.default_rng(0).uniform(-1, 1, (5, 3, 4))
    for action in actions:
        found, expected = env.step(action)[0], twin.step(action)[0]
        np.testing.assert_array_equal(found["observation"][[0, 2]], expected["observation"][[0, 2]])
        assert np.isfinite(found["observation"]).all()
    assert env.diverged == 1


def test_every_block_can_weigh_more():
    env = make(3, 2)
    env.reset(seed=0)
    env.set_parameters({"object_mass": [1, 2]})
    env.step(np.zeros((2, 4)))
    rows = [env.robot.model.body(f"object{i}").id for i in range(3)]
    np.testing.assert_array_equal(env.batch.expanded("body_mass")[:, rows], [[2, 2, 2], [4, 4, 4]])


@pytest.mark.filterwarnings("ignore:.*is probably too:UserWarning")
def test_gymnasium_finds_nothing_to_complain_about():
    framework_her.stack.register()
    framework_her.stack.register()
    env = gymnasium.make("framework_her/FetchStack2Step-v0")
    check_env(env.unwrapped, skip_render_check=True)
    env.reset(seed=0)
    ends = [env.step(env.action_space.sample())[3] for _ in range(100)]
    assert ends.index(True) == 99
    vector = gymnasium.make_vec("framework_her/FetchStack6-v0", num_envs=2, threads=1)
    assert vector.reset(seed=0)[0]["desired_goal"].shape == (2, 18)


def test_frames_show_goals():
    env = make(3, 1, render_size=64)
    env.reset(seed=0)
    try:
        (first,) = env.render()
    except UserError as error:
        pytest.skip(str(error))
    env.goal[0, 6:] += 0.15
    assert (env.render()[0] != first).any()
