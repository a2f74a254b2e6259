from __future__ import annotations

import numpy as np
import pytest

from framework.rl.buffers.episodes import EpisodeReplay
from framework.rl.collect.local import Episode
from framework.testing.point_goal import PointGoal
from framework_her.relabel import Relabel

LENGTHS = (3, 20, 9)
COUNT = 60_000


@pytest.fixture
def replay() -> EpisodeReplay:
    """Achieved goals tell their episode and step; desired goals are far away, at -9."""
    replay = EpisodeReplay(100)
    for number, length in enumerate(LENGTHS):
        achieved = np.stack([np.full(length + 1, number), np.arange(length + 1)], 1).astype(np.float32)
        steps = {
            "observation": 100 + achieved,
            "achieved_goal": achieved,
            "desired_goal": np.full_like(achieved, -9),
            "action": achieved / 100,
        }
        replay.add(Episode(steps, terminated=number == 2, success=False))
    return replay


def replayed(replay, strategy="future", k=4, environment=None):
    random = np.random.default_rng(0)
    sample = replay.sample(COUNT, random)
    relabel = Relabel(environment or PointGoal(radius=0.5), strategy, k, 0.5)
    transitions = relabel.all_of(replay, sample, random)
    episode, step = replay["achieved_goal"][sample.row].T
    goal = transitions.inputs[:, 2:]
    return transitions, episode, step, goal, goal[:, 0] >= 0


@pytest.mark.parametrize("k", [0, 1, 4, 8])
def test_k_of_k_plus_1_transitions_are_replayed_in_hindsight(replay, k):
    *_, hindsight = replayed(replay, k=k)
    assert hindsight.mean() == pytest.approx(k / (k + 1), abs=0.01)


@pytest.mark.parametrize("strategy", ["final", "future", "episode", "random"])
def test_strategies_choose_goals_from_where_they_should(replay, strategy):
    _, episode, step, goal, hindsight = replayed(replay, strategy)
    episode, step, goal = (each[hindsight] for each in (episode, step, goal))
    length = np.array(LENGTHS)[episode.astype(int)]
    if strategy == "random":
        assert len(np.unique(goal, axis=0)) == sum(LENGTHS)
        assert (goal[:, 0] != episode).any()
        return
    assert (goal[:, 0] == episode).all()
    first, last = {
        "final": (length, length),
        "future": (step + 1, length),
        "episode": (np.zeros_like(length), length),
    }[strategy]
    assert (first <= goal[:, 1]).all()
    assert (goal[:, 1] <= last).all()
    # Uniform between the first and the last of them.
    where = (goal[:, 1] - first + 0.5) / (last - first + 1)
    assert where.mean() == pytest.approx(0.5, abs=0.01)
    assert where.var() == pytest.approx(np.mean((1 - 1 / (last - first + 1.0) ** 2) / 12), abs=0.005)


def test_transitions_are_what_was_stored_but_for_goal_and_reward(replay):
    transitions, episode, step, goal, _ = replayed(replay)
    now, then = np.stack([episode, step], 1), np.stack([episode, step + 1], 1)
    assert np.array_equal(transitions.inputs[:, :2], 100 + now)
    assert np.array_equal(transitions.next_inputs, np.concatenate([100 + then, goal], 1))
    np.testing.assert_allclose(transitions.action, now / 100)
    reached = np.linalg.norm(then - goal, axis=1) <= 0.5
    assert np.array_equal(transitions.reward[:, 0], np.where(reached, 0, -1))
    assert all(each.dtype == np.float32 for each in transitions)
    assert {each.ndim for each in transitions} == {2}


def test_stored_ends_are_terminal_where_the_environment_does_not_judge_them(replay):
    class Judgeless(PointGoal):
        compute_terminated = property()

    transitions, episode, step, *_ = replayed(replay, environment=Judgeless())
    assert np.array_equal(transitions.discount[:, 0] == 0, (episode == 2) & (step == LENGTHS[2] - 1))


def test_ends_are_judged_anew_where_reaching_the_goal_ends_the_episode(replay):
    transitions, *_ = replayed(replay, environment=PointGoal(radius=0.5, ends_at_goal=True))
    assert np.array_equal(transitions.discount == 0, transitions.reward == 0)
    assert 0 < (transitions.discount == 0).mean() < 1


@pytest.mark.parametrize("keep", [1.0, 0.25])
def test_transitions_that_start_at_their_goal_are_kept_as_seldom_as_asked(keep):
    still = np.zeros((21, 2), np.float32)
    moving = np.stack([np.arange(21), np.zeros(21)], 1).astype(np.float32)
    replay = EpisodeReplay(100)
    for number, achieved in enumerate((still, moving)):
        steps = {
            "observation": np.full((21, 2), number, np.float32),
            "achieved_goal": achieved,
            "desired_goal": np.full_like(achieved, -9),
            "action": achieved,
        }
        replay.add(Episode(steps, terminated=False, success=False))
    drawn = Relabel(PointGoal(radius=0.5), "future", 4, 0.5, keep).draw(
        replay, COUNT, np.random.default_rng(0)
    )
    assert {len(each) for each in drawn} == {COUNT}
    of_still, own_goal = drawn.inputs[:, 0] == 0, drawn.inputs[:, 2] == -9
    # Of 10 transitions 5 are of the still episode, and in 4 of those the goal is where it stands.
    expected = 4 * keep / (6 + 4 * keep)
    assert (of_still & ~own_goal).mean() == pytest.approx(expected, abs=0.01)
    assert (drawn.reward[of_still & ~own_goal] == 0).all()
    assert (~of_still & ~own_goal).mean() == pytest.approx(expected / keep, abs=0.01)
