"""The tasks as gymnasium builds them."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import framework_dex_hand


@pytest.fixture(autouse=True, scope="module")
def ids():
    framework_dex_hand.register()
    framework_dex_hand.register()
    return sorted(one for one in gymnasium.registry if one.startswith("framework_dex_hand/"))


def test_every_object_and_goal_has_an_id(ids):
    kinds = [f"{thing}Rotate{goal}" for thing in ("Block", "Prism") for goal in ("Full", "Parallel", "Z")]
    assert ids == [f"framework_dex_hand/{kind}-v0" for kind in [*kinds, "SphereRotateFull", "SphereRotateZ"]]


@pytest.mark.filterwarnings("ignore:.*Box observation space m.*imum value is:UserWarning")
@pytest.mark.parametrize("more", [{}, {"bins": 11, "control": "relative"}], ids=["numbers", "bins"])
def test_gymnasium_finds_nothing_to_complain_about(more):
    env = gymnasium.make("framework_dex_hand/BlockRotateZ-v0", starts=8, **more)
    assert env.spec.max_episode_steps == 5000
    check_env(env.unwrapped, skip_render_check=True)
    observation, _ = env.reset(seed=0)
    left = 2 * np.arccos(observation["policy"][18])
    observation, reward, _, _, info = env.step(env.action_space.sample() * 0)
    assert reward == pytest.approx(left - info["angle"] + 5 * info["is_success"], abs=1e-4)


def test_batches():
    envs = gymnasium.make_vec("framework_dex_hand/PrismRotateFull-v0", num_envs=3, threads=1, starts=8)
    first, _ = envs.reset(seed=0)
    assert first["policy"].shape == (3, 22)
    assert envs.config.object == "prism"
    assert envs.step(envs.action_space.sample())[1].shape == (3,)
