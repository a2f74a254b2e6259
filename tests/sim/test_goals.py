"""Environments with several goals in an episode, and rules of their own for its end."""

from __future__ import annotations

import numpy as np
import pytest

from framework.testing import assert_same

PATIENCE, ENOUGH = 4, 3


@pytest.fixture
def make(make_cart):
    class Chase(make_cart):
        """Reach one goal after the other, each within 4 steps; 3 are enough, off the rail is the end."""

        def __init__(self, *args, **options):
            super().__init__(*args, **{"max_episode_steps": None} | options)
            self.waited = self.remember("waited", np.zeros(self.num_envs, np.int64))
            self.reached = self.remember("reached", np.zeros(self.num_envs, np.int64))
            self.old = np.zeros(self.num_envs)

        def _start(self, ids):
            super()._start(ids)
            self.waited[ids], self.reached[ids] = 0, 0

        def _stepped(self, rows):
            self.waited[rows] += 1

        def _judge(self, observation, actions):
            np.testing.assert_array_equal(observation["goal"], self.goal)
            self.old = self.goal[:, 0].copy()
            x = observation["state"][:, 0]
            self.hit = np.abs(x - self.old) < 0.3
            reached = self.reached + self.hit
            off, late = np.abs(x) > 1, (self.waited >= PATIENCE) & ~self.hit & (np.abs(x) <= 1)
            cause = np.select([off, late, reached >= ENOUGH], ["off", "late", "done"], "")
            info = {"reached": reached, "cause": cause}
            return self.hit.astype(float), off | (reached >= ENOUGH), late, info

        def _advance(self, rows):
            ids = np.arange(self.num_envs)[rows][self.hit[rows]]
            self.reached[ids] += 1
            self.goal[ids] = self.streams.uniform(ids, -1, 1, 1)
            self.waited[ids] = 0
            return ids

    return Chase


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_goals_change_within_episodes_and_rules_end_them(make, mode):
    env = make(16, autoreset=mode)
    before, _ = env.reset(seed=0)
    actions = np.random.default_rng(0).uniform(-1, 1, (60, 16, 1))
    causes, renewed = [], 0
    waiting = np.zeros(16, bool)
    for action in actions:
        observation, reward, terminated, truncated, info = env.step(action)
        done = terminated | truncated
        renewed += int(((reward > 0) & ~done).sum())
        # The reward is for the goal that the step was taken for; what is seen next is the new one.
        np.testing.assert_array_equal(env.old[~waiting & ~done], before["goal"][~waiting & ~done, 0])
        np.testing.assert_array_equal(observation["goal"][~done], env.goal[~done])
        assert (observation["goal"] != before["goal"])[(reward > 0) & ~done].all()
        final = info["final_info"] if mode == "SameStep" and done.any() else info
        for i in np.flatnonzero(done):
            cause = final["cause"][i]
            assert (terminated[i], truncated[i]) == (cause in {"off", "done"}, cause == "late")
            assert (final["reached"][i] == ENOUGH) >= (cause == "done")
            causes.append(cause)
        before, waiting = observation, done if mode == "NextStep" else waiting
    assert set(causes) == {"off", "late", "done"}
    assert renewed > 20


def test_such_an_episode_continues_from_a_saved_state(make, play):
    env, other = make(8), make(8)
    env.reset(seed=1), other.reset(seed=2)
    play(env, 20)
    state = env.get_state()
    expected = play(env, 30, seed=1)
    other.set_state(state)
    assert_same(play(other, 30, seed=1), expected)
    assert_same(other.get_state(), env.get_state())


def test_an_episode_without_such_rules_says_false(make_cart):
    class Endless(make_cart):
        def _judge(self, observation, actions):
            return np.zeros(self.num_envs), False, False, {}

    env = Endless(3, max_episode_steps=None)
    env.reset(seed=0)
    for _ in range(30):
        _, _, terminated, truncated, _ = env.step(np.ones((3, 1)))
        assert terminated.tolist() == truncated.tolist() == [False] * 3
        terminated[:] = True  # the caller's
