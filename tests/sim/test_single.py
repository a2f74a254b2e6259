from __future__ import annotations

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from framework.sim import SingleEnv


@pytest.mark.filterwarnings("ignore:.*is probably too:UserWarning")
@pytest.mark.filterwarnings("ignore:.*not having a spec:UserWarning")
def test_gymnasium_finds_nothing_to_complain_about(make_cart):
    check_env(SingleEnv(make_cart(1, autoreset="Disabled", max_episode_steps=None), "rgb_array"))


def test_it_is_a_batch_of_one_without_the_axis(make_cart):
    batch = make_cart(1)
    single = SingleEnv(make_cart(1, autoreset="Disabled", max_episode_steps=None))
    expected, _ = batch.reset(seed=[3])
    observation, info = single.reset(seed=3)
    assert info == {}
    np.testing.assert_array_equal(observation["state"], expected["state"][0])
    expected, reward, *_ = batch.step(np.array([[0.5]]))
    observation, one_reward, terminated, truncated, info = single.step(np.array([0.5]))
    np.testing.assert_array_equal(observation["state"], expected["state"][0])
    assert one_reward == reward[0]
    assert terminated is truncated is False
    assert set(info) == {"right", "diverged"}
    assert single.render() is None
    single.close()


def test_its_generator_is_the_one_that_resets_draw_from(make_cart):
    single = SingleEnv(make_cart(1, autoreset="Disabled"))
    single.reset(seed=3)
    single.np_random.random(7)
    drawn, _ = single.reset()
    single.reset(seed=3)
    other, _ = single.reset()
    assert drawn["state"][0] != other["state"][0]
