from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.rl.advantages import gae, n_step


@st.composite
def fragments(draw):
    """Rewards, values and endings of random fragments, with and without an agent axis."""
    shape = (draw(st.integers(1, 9)), draw(st.integers(1, 3)), *draw(st.sampled_from([(), (2,)])))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    often = draw(st.sampled_from([0.0, 0.2, 0.6, 1.0]))
    numbers = [torch.from_numpy(random.normal(size=shape)) for _ in range(3)]
    endings = [torch.from_numpy(random.random(shape) < often) for _ in range(2)]
    return *numbers, *endings


def return_from(t, index, reward, value, next_value, terminated, truncated, gamma, lam):
    """The lambda-return by its recursive definition, one number at a time."""
    rest = 0.0
    if not terminated[t][index]:
        rest = float(next_value[t][index])
        if not truncated[t][index] and t + 1 < len(reward):
            later = return_from(t + 1, index, reward, value, next_value, terminated, truncated, gamma, lam)
            rest = (1 - lam) * rest + lam * later
    return float(reward[t][index]) + gamma * rest


@settings(deadline=None, max_examples=60)
@given(fragments(), st.sampled_from([0.0, 0.9, 1.0]), st.sampled_from([0.0, 0.95, 1.0]))
def test_gae_is_the_lambda_return_minus_the_value(fragment, gamma, lam):
    reward, value, next_value, terminated, truncated = fragment
    found = gae(*fragment, gamma=gamma, lam=lam)
    # Inside an episode the next value is the value of the next row: GAE's own premise.
    inside = ~(terminated | truncated)
    inside[-1] = False
    next_value = torch.where(inside, value.roll(-1, 0), next_value)
    found = gae(reward, value, next_value, terminated, truncated, gamma=gamma, lam=lam)
    for t in range(len(reward)):
        for index in np.ndindex(tuple(reward.shape[1:])):
            expected = return_from(t, index, reward, value, next_value, terminated, truncated, gamma, lam)
            np.testing.assert_allclose(found[t][index] + value[t][index], expected, atol=1e-9)


def test_a_time_limit_is_worth_its_final_observation_and_a_terminal_state_nothing():
    reward, value = torch.tensor([1.0, 1, 1]), torch.tensor([10.0, 20, 30])
    next_value = torch.tensor([5.0, 7, 9])
    ended = torch.tensor([True, True, False])
    none = torch.zeros(3, dtype=torch.bool)
    cut_off = gae(reward, value, next_value, none, ended, gamma=0.5, lam=0.9)
    assert cut_off.tolist() == [1 + 2.5 - 10, 1 + 3.5 - 20, 1 + 4.5 - 30]
    next_value[:2] = torch.nan  # of no meaning where it is over
    over = gae(reward, value, next_value, ended, none, gamma=0.5, lam=0.9)
    assert over.tolist() == [1 - 10, 1 - 20, 1 + 4.5 - 30]


@settings(deadline=None, max_examples=60)
@given(fragments(), st.integers(1, 12), st.sampled_from([0.5, 1.0]))
def test_n_steps_end_with_the_episode_and_with_the_fragment(fragment, n, gamma):
    reward, cut = fragment[0], fragment[3]
    found = n_step(reward, cut, gamma=gamma, n=n)
    for t in range(len(reward)):
        for index in np.ndindex(tuple(reward.shape[1:])):
            total, k = 0.0, 0
            while True:
                total += gamma**k * float(reward[t + k][index])
                k += 1
                if k == n or t + k == len(reward) or cut[t + k - 1][index]:
                    break
            assert int(found.steps[t][index]) == k
            np.testing.assert_allclose(found.reward[t][index], total)
