from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from framework.errors import UserError
from framework.rl.collect.local import EpisodeCollector
from framework.testing import assert_same
from framework.testing.point_goal import PointGoal


class Wander:
    def __init__(self) -> None:
        self.random = np.random.default_rng(5)

    def __call__(self, observation):
        return self.random.uniform(-1, 1, observation["observation"].shape).astype(np.float32)


def episodes_equal(one, other):
    assert_same([dict(each.steps) for each in one], [dict(each.steps) for each in other])
    assert [each.terminated for each in one] == [each.terminated for each in other]


@pytest.mark.parametrize("ends_at_goal", [False, True])
def test_episodes_are_whole_whatever_their_length(ends_at_goal):
    environment = PointGoal(5, horizon=(1, 2, 7, 20, 33), ends_at_goal=ends_at_goal)
    collector = EpisodeCollector(environment, seed=0)
    episodes = collector.collect(200, Wander())
    assert len(episodes) > 200
    for episode in episodes:
        steps = episode.steps
        moved = np.clip(steps["observation"][:-1] + 0.2 * steps["action"][:-1], -1, 1)
        np.testing.assert_allclose(steps["observation"][1:], moved, atol=1e-6)
        assert (steps["desired_goal"] == steps["desired_goal"][0]).all()
        reward = environment.compute_reward(steps["achieved_goal"][1:], steps["desired_goal"][1:])
        assert_same(steps["reward"][:-1], reward.astype(np.float32))
        assert episode.ret == reward.sum()
        assert episode.success == (reward[-1] == 0)
        assert episode.terminated == (ends_at_goal and episode.success)
        assert (reward[:-1] == -1).all() or not ends_at_goal


def test_chunks_do_not_matter():
    whole, parts = (EpisodeCollector(PointGoal(3, horizon=(4, 9, 13)), seed=1) for _ in range(2))
    wander, again = Wander(), Wander()
    expected = whole.collect(60, wander)
    found = [episode for chunk in (1, 2, 17, 40) for episode in parts.collect(chunk, again)]
    episodes_equal(found, expected)


@pytest.mark.parametrize("before", [0, 5, 31])
def test_a_restored_collector_goes_on_the_same(before):
    wander = Wander()
    one = EpisodeCollector(PointGoal(3, horizon=(4, 9, 40)), seed=1)
    one.collect(before, wander)
    other = EpisodeCollector(PointGoal(3, horizon=(4, 9, 40)), seed=99)
    other.load_state_dict(one.state_dict())
    again = Wander()
    again.random.bit_generator.state = wander.random.bit_generator.state
    episodes_equal(other.collect(60, again), one.collect(60, wander))


def test_actions_are_scaled_to_the_environment():
    environment = PointGoal(1)
    environment.single_action_space = gymnasium.spaces.Box(np.float32([0, -4]), np.float32([2, 4]))
    collector = EpisodeCollector(environment, seed=0)
    assert collector.to_environment(np.array([[-1.0, 0.5]])).tolist() == [[0, 2]]


def test_an_episode_without_end_is_an_error():
    collector = EpisodeCollector(PointGoal(2, horizon=10_000), seed=0, longest=100)
    with pytest.raises(UserError, match="time limit"):
        collector.collect(200, Wander())


def test_other_autoreset_modes_are_refused():
    environment = gymnasium.make_vec("CartPole-v1", 1)
    with pytest.raises(UserError, match="SAME_STEP"):
        EpisodeCollector(environment, seed=0)
    environment.close()
