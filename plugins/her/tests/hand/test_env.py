"""The hand tasks as environments: the contract, starts, divergence, ids and frames."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import framework_her.hand
from framework.errors import UserError
from framework.testing import assert_same, check_environment
from framework_her.hand import manipulate, tasks
from framework_her.hand.config import BlockConfig, EggConfig, HandReachConfig, PenConfig
from framework_her.hand.manipulate import HIGHEST, LOWEST, PALM

#: gymnasium says so of every id of which there is a later version.
OLDER = "ignore:.*is out of date.*:DeprecationWarning"

SECTIONS = {
    "reach": {"use": "her/hand_reach"},
    "block": {"use": "her/hand_block", "task": "rotate_parallel", "touch": "boolean"},
    "egg": {"use": "her/hand_egg", "touch": "continuous", "reward_type": "dense"},
    "pen": {"use": "her/hand_pen", "task": "rotate", "rotation_distance": "shortest"},
}


@pytest.mark.parametrize(
    "name", ["reach", "block", *(pytest.param(name, marks=pytest.mark.slow) for name in ("egg", "pen"))]
)
def test_the_component_keeps_the_contract(name):
    check_environment({**SECTIONS[name], "num_envs": 2, "threads": 1, "max_episode_steps": 4}, steps=9)


def play(env, steps, seed=0):
    rng = np.random.default_rng(seed)
    return [env.step(rng.uniform(-1, 1, (9, 20))[: env.num_envs]) for _ in range(steps)]


def test_neither_threads_nor_neighbours_matter():
    settings = {"touch": "continuous", "max_episode_steps": 6}
    alone, many = (tasks.make_egg(EggConfig(num_envs=n, threads=t, **settings)) for n, t in ((1, 1), (5, 2)))
    one, other = alone.reset(seed=2)[0], many.reset(seed=2)[0]
    assert_same({key: value[:1] for key, value in other.items()}, one)
    for one, other in zip(play(alone, 9), play(many, 9), strict=True):
        assert_same({key: value[:1] for key, value in other[0].items()}, one[0])
        assert one[1][0] == other[1][0]


def test_objects_rest_on_the_palm_and_goals_are_around_them():
    env = tasks.make_block(BlockConfig(num_envs=24, threads=2))
    observation, _ = env.reset(seed=0)
    place, goal = observation["achieved_goal"][:, :3], observation["desired_goal"]
    assert place[:, 2].min() > PALM
    assert (goal[:, :3] - place >= LOWEST).all()
    assert (goal[:, :3] - place <= HIGHEST).all()
    np.testing.assert_allclose(np.linalg.norm(goal[:, 3:], axis=1), 1)
    turned = tasks.make_block(BlockConfig(num_envs=16, threads=2, task="rotate_z")).reset(seed=0)[0]
    assert not turned["desired_goal"][:, 4:6].any()
    assert np.ptp(turned["desired_goal"][:, 6]) > 1.5
    np.testing.assert_array_equal(turned["desired_goal"][:, :3], turned["achieved_goal"][:, :3])


def test_an_object_that_never_stays_is_said_so(monkeypatch):
    monkeypatch.setattr(manipulate, "TRIES", 3)
    env = tasks.make_pen(PenConfig(num_envs=2, threads=1))
    env._centre = env._low  # a hand that is bent away
    env.hand.first[1 + 24] += 1.0  # and a pen beside it
    try:
        with pytest.raises(UserError, match="the pen fell from the hand 3 times"):
            env.reset(seed=0)
    finally:
        env.hand.first[1 + 24] -= 1.0


def test_a_blown_up_hand_costs_one_episode():
    make = lambda: tasks.make_block(BlockConfig(num_envs=3, threads=1, touch="continuous"))  # noqa: E731
    env, twin = make(), make()
    env.reset(seed=0), twin.reset(seed=0)
    env.batch.bind("qvel")[1, 3] = np.nan
    for time, (one, other) in enumerate(zip(play(env, 4), play(twin, 4), strict=True)):
        np.testing.assert_array_equal(one[0]["observation"][[0, 2]], other[0]["observation"][[0, 2]])
        assert np.isfinite(one[0]["observation"]).all()
        np.testing.assert_array_equal(one[4]["diverged"], [False, time == 0, False])
    assert env.diverged == 1


@pytest.mark.filterwarnings("ignore:.*is probably too:UserWarning", OLDER)
@pytest.mark.parametrize(
    "name",
    ["Reach", "ManipulateBlockRotateZ_BooleanTouchSensors", "ManipulateEggFull", "ManipulatePenRotate"],
)
def test_gymnasium_finds_nothing_to_complain_about(name):
    framework_her.hand.register()
    framework_her.hand.register()
    env = gymnasium.make(f"framework_her/Hand{name}-v0")
    check_env(env.unwrapped, skip_render_check=True)
    observation, _ = env.reset(seed=0)
    observation, reward, _, _, info = env.step(env.action_space.sample())
    goals = observation["achieved_goal"], observation["desired_goal"]
    assert reward == env.unwrapped.compute_reward(*goals, info)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*is probably too:UserWarning", OLDER)
def test_gymnasium_checks_every_id():
    framework_her.hand.register()
    ids = [one for one in gymnasium.registry if one.startswith("framework_her/Hand")]
    assert len(ids) == 2 + 8 * 3 * 2 * 2
    for identifier in ids:
        check_env(gymnasium.make(identifier).unwrapped, skip_render_check=True)


@pytest.mark.filterwarnings(OLDER)
def test_versions_differ_in_how_rotations_are_compared():
    framework_her.hand.register()
    envs = [
        gymnasium.make_vec(
            f"framework_her/HandManipulateBlockRotateXYZDense-{version}", num_envs=2, threads=1
        )
        for version in ("v0", "v1")
    ]
    goal = np.array([[0.0, 0, 0, 1, 0, 0, 0]])
    assert [env.compute_reward(goal, -goal)[0] for env in envs] == [pytest.approx(-2 * np.pi), 0]


@pytest.mark.parametrize("task", ["rotate", "full"])
def test_frames_show_the_goal(task):
    env = tasks.make_pen(PenConfig(num_envs=1, threads=1, render_size=64, task=task))
    env.reset(seed=0)
    try:
        (first,) = env.render()
    except UserError as error:
        pytest.skip(str(error))
    env.goal[0, 3:] = [0.0, 1.0, 0.0, 0.0]
    assert (env.render()[0] != first).any()


def test_reaching_goals_are_drawn():
    env = tasks.make_reach(HandReachConfig(num_envs=1, threads=1, render_size=64))
    env.reset(seed=0)
    try:
        (first,) = env.render()
    except UserError as error:
        pytest.skip(str(error))
    env.goal[0] += 0.05
    assert (env.render()[0] != first).any()
