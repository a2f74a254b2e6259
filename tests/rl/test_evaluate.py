from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from framework.errors import UserError
from framework.rl.evaluate import evaluate_policy
from framework.rl.policy import Player, actor_critic
from framework.testing.point_goal import PointGoal
from tests.rl.worlds import Counting, Duel


class Countdown(gymnasium.Env[Any, Any]):
    """Episodes of 1 or 20 steps, at even odds, with a reward of 1 per step."""

    observation_space = gymnasium.spaces.Box(0, 1, (1,))
    action_space = gymnasium.spaces.Box(0, 1, (1,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = int(self.np_random.choice([1, 20]))
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.left -= 1
        return np.zeros(1, np.float32), 1.0, self.left == 0, False, {"is_success": self.left == 0}


def nothing(observation: Any) -> np.ndarray:
    return np.zeros((len(observation), 1))


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_short_episodes_are_not_favoured(mode):
    environment = SyncVectorEnv([Countdown] * 16, autoreset_mode=mode)
    played = evaluate_policy(environment, nothing, episodes=400, seed=0)
    assert set(played.lengths.tolist()) == {1, 20}
    # Counting the first 400 to end would find a mean near 8 for the last ones.
    assert abs((played.lengths == 20).mean() - 0.5) < 0.08
    assert (played.returns == played.lengths).all()
    assert (played.success == 1).all()


@pytest.mark.parametrize("episodes", [1, 3, 8, 21])
def test_exactly_so_many_episodes(episodes):
    environment = PointGoal(8, horizon=tuple(range(1, 9)))
    policy = lambda observation: np.zeros((8, 2))  # noqa: E731
    played = evaluate_policy(environment, policy, episodes, seed=3)
    assert [len(each) for each in played[:3]] == [episodes] * 3
    again = evaluate_policy(environment, policy, episodes, seed=3)
    assert np.array_equal(played.returns, again.returns)


def test_further_entries_of_the_last_info():
    environment = PointGoal(4, horizon=5)
    policy = lambda observation: np.zeros((4, 2))  # noqa: E731
    played = evaluate_policy(environment, policy, 6, seed=0, keys=("is_success", "weather"))
    np.testing.assert_array_equal(played.info["is_success"], played.success)
    assert np.isnan(played.info["weather"]).all()


def test_success_is_that_of_the_last_step():
    environment = PointGoal(4, horizon=30)

    def straight(observation):
        return np.clip((observation["desired_goal"] - observation["observation"]) / 0.2, -1, 1)

    assert evaluate_policy(environment, straight, 50, seed=0).success.mean() == 1
    away = evaluate_policy(environment, lambda observation: -straight(observation), 50, seed=0)
    assert away.success.mean() == 0


def test_no_success_where_the_environment_does_not_tell():
    environment = gymnasium.make_vec("CartPole-v1", 2)
    played = evaluate_policy(environment, lambda observation: np.zeros(2, np.int64), 4, seed=0)
    assert np.isnan(played.success).all()
    assert (played.returns == played.lengths).all()
    environment.close()


def test_an_environment_that_does_not_reset_itself_is_refused():
    environment = SyncVectorEnv([Countdown], autoreset_mode=AutoresetMode.DISABLED)
    with pytest.raises(UserError, match="autoreset"):
        evaluate_policy(environment, nothing, 1, seed=0)


class Steps(gymnasium.Env[Any, Any]):
    """Episodes of 1 to 4 steps that say how many there have been."""

    observation_space = gymnasium.spaces.Box(0, 10, (1,))
    action_space = gymnasium.spaces.Box(-1, 1, (1,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.now, self.last = 0, int(self.np_random.integers(1, 5))
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.now += 1
        return np.array([self.now], np.float32), float(action[0]), self.now == self.last, False, {}


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_a_policy_with_memory_forgets_at_the_start_of_each_episode(mode):
    torch.manual_seed(0)
    policy = actor_critic(Steps.observation_space, Steps.action_space, memory="lstm", head={"gain": 1.0})
    returns = [0.0]
    with torch.no_grad():
        seen = torch.arange(4.0).reshape(4, 1, 1)
        for reward in policy(seen)[0].mode().flatten().clamp(-1, 1).tolist():
            returns.append(returns[-1] + reward)
    player = Player(policy)
    for _ in range(2):  # a second evaluation starts afresh
        played = evaluate_policy(SyncVectorEnv([Steps] * 3, autoreset_mode=mode), player, 20, seed=0)
        assert len(set(played.lengths)) > 2
        np.testing.assert_allclose(played.returns, [returns[n] for n in played.lengths], rtol=1e-5)


def test_returns_of_many_agents_are_those_of_all_together():
    """Evens and odds win what the others lose; here evens alone choose well."""
    environment = Duel(3)
    policy = lambda observation: np.full((3, 4, 1), 2)  # noqa: E731
    played = evaluate_policy(environment, policy, episodes=3, seed=0)
    assert played.lengths.tolist() == [3, 4, 5]
    assert played.returns.tolist() == [0, 0, 0]
    single = Counting(2, agents=3)
    policy = lambda observation: np.zeros((2, 3), int)  # noqa: E731
    played = evaluate_policy(single, policy, episodes=6, seed=0)
    assert played.returns.tolist() == [3 * n * (n + 1) / 2 for n in played.lengths]  # 1 + ... + n, each
