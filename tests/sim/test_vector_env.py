from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import TimeLimit

from framework.errors import UserError
from framework.sim import SingleEnv

SEEDS = [5, 8, 13, 21]


def reference(make_cart, mode):
    """gymnasium's own batch of single environments, the oracle for autoreset."""

    def one():
        single = SingleEnv(make_cart(1, autoreset=AutoresetMode.DISABLED, max_episode_steps=None))
        return TimeLimit(single, 12)

    return SyncVectorEnv([one] * len(SEEDS), autoreset_mode=mode)


def assert_info_equal(ours, theirs):
    """Equal wherever gymnasium's mask says that an environment has a value."""
    for key in theirs:
        if key.startswith("_"):
            continue
        mask = theirs[f"_{key}"] if f"_{key}" in theirs else np.ones(len(SEEDS), bool)
        assert not (mask & ~ours[f"_{key}"]).any(), key
        if key == "final_obs":
            np.testing.assert_array_equal(ours["_final_obs"], mask)
            for a, b in zip(ours[key], theirs[key], strict=True):
                assert (a is None) == (b is None)
                for name in a or ():
                    np.testing.assert_array_equal(a[name], b[name])
        elif key == "final_info":
            np.testing.assert_array_equal(ours["_final_info"], mask)
            assert_info_equal(ours[key], theirs[key])
        else:
            np.testing.assert_array_equal(ours[key][mask], theirs[key][mask])


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_autoreset_is_that_of_gymnasium(make_cart, mode):
    ours, theirs = make_cart(4, autoreset=mode), reference(make_cart, mode)
    for key, value in ours.reset(seed=SEEDS)[0].items():
        np.testing.assert_array_equal(value, theirs.reset(seed=SEEDS)[0][key])
    actions = np.random.default_rng(0).uniform(-1, 1, (60, 4, 1)).astype(np.float32)
    terminations = truncations = 0
    for action in actions:
        observation, reward, terminated, truncated, info = ours.step(action)
        expected = theirs.step(action)
        for key, value in observation.items():
            np.testing.assert_array_equal(value, expected[0][key])
        np.testing.assert_array_equal(reward, expected[1])
        np.testing.assert_array_equal(terminated, expected[2])
        np.testing.assert_array_equal(truncated, expected[3])
        assert_info_equal(info, expected[4])
        terminations += terminated.sum()
        truncations += truncated.sum()
    assert terminations > 3
    assert truncations > 3


def test_disabled_autoreset_asks_for_a_reset_and_takes_a_mask(make_cart, play):
    env, twin = make_cart(4, autoreset="Disabled"), reference(make_cart, AutoresetMode.DISABLED)
    env.reset(seed=SEEDS), twin.reset(seed=SEEDS)
    action = np.zeros((4, 1), np.float32)
    for _ in range(12):
        *_, truncated, info = env.step(action)
        twin.step(action)
        assert "final_obs" not in info
    assert truncated.all()
    with pytest.raises(ResetNeeded, match=r"\[0, 1, 2, 3\]"):
        env.step(action)
    mask = np.array([False, True, False, True])
    observation, _ = env.reset(options={"reset_mask": mask})
    expected, _ = twin.reset(options={"reset_mask": mask})
    for key, value in observation.items():
        np.testing.assert_array_equal(value, expected[key])
    with pytest.raises(ResetNeeded, match=r"\[0, 2\]"):
        env.step(action)


@pytest.mark.parametrize(
    ("mask", "error"),
    [
        ([True] * 4, TypeError),
        (np.ones(4), TypeError),
        (np.ones(3, bool), ValueError),
        (np.zeros(4, bool), ValueError),
    ],
)
def test_reset_mask_is_checked(make_cart, mask, error):
    with pytest.raises(error, match="reset_mask"):
        make_cart(4).reset(options={"reset_mask": mask})


def test_masked_reset_with_a_seed_leaves_other_streams_alone(make_cart):
    env, twin = make_cart(3), make_cart(3)
    env.reset(seed=0), twin.reset(seed=0)
    env.reset(seed=9, options={"reset_mask": np.array([True, False, False])})
    env.reset(), twin.reset()
    np.testing.assert_array_equal(env.goal[1:], twin.goal[1:])
    assert env.goal[0] != twin.goal[0]


def test_stepping_before_the_first_reset_is_an_error(make_cart):
    for mode in AutoresetMode:
        with pytest.raises(ResetNeeded):
            make_cart(2, autoreset=mode).step(np.zeros((2, 1)))


def test_returned_observations_are_the_callers(make_cart):
    env = make_cart(2)
    first, _ = env.reset(seed=0)
    kept = first["state"].copy()
    second = env.step(np.ones((2, 1)))[0]
    second["state"][:] = 99
    np.testing.assert_array_equal(first["state"], kept)
    assert (np.abs(env.step(np.ones((2, 1)))[0]["state"]) < 99).all()


def test_seeds(make_cart):
    env = make_cart(3)
    one, _ = env.reset(seed=1)
    again, _ = env.reset(seed=1)
    other, _ = env.reset(seed=2)
    np.testing.assert_array_equal(one["state"], again["state"])
    assert (one["state"][:, 0] != other["state"][:, 0]).all()
    assert len(np.unique(one["state"][:, 0])) == 3
    built, _ = make_cart(3, seed=1).reset()
    np.testing.assert_array_equal(one["state"], built["state"])
    unseeded = make_cart(1).reset()[0]["state"], make_cart(1).reset()[0]["state"]
    assert unseeded[0][0, 0] != unseeded[1][0, 0]


def test_an_environment_does_not_depend_on_how_many_there_are(make_cart, play):
    few, many = make_cart(2), make_cart(7, threads=2)
    few.reset(seed=3), many.reset(seed=3)
    for a, b in zip(play(few, 40), play(many, 40), strict=True):
        for key, value in a[0].items():
            np.testing.assert_array_equal(value, b[0][key][:2])
        np.testing.assert_array_equal(a[1], b[1][:2])


def test_actions_are_clipped_and_checked(make_cart):
    env, twin = make_cart(2), make_cart(2)
    env.reset(seed=0), twin.reset(seed=0)
    np.testing.assert_array_equal(
        env.step(np.full((2, 1), 7.0))[0]["state"], twin.step(np.ones((2, 1)))[0]["state"]
    )
    np.testing.assert_array_equal(
        env.step([[1], [-1]])[0]["state"], twin.step(np.array([[1.0], [-1.0]]))[0]["state"]
    )
    with pytest.raises(ValueError, match=r"shape \(2,\), expected \(2, 1\)"):
        env.step(np.zeros(2))
    with pytest.raises(ValueError, match=r"environments \[1\] are not finite"):
        env.step(np.array([[0.0], [np.nan]]))


def test_actions_of_environments_that_wait_for_their_reset_do_not_matter(make_cart):
    env = make_cart(2, autoreset="NextStep", max_episode_steps=1)
    env.reset(seed=0)
    env.step(np.zeros((2, 1)))
    _, reward, _, truncated, info = env.step(np.full((2, 1), np.nan))
    assert not reward.any()
    assert not truncated.any()
    assert not info["_right"].any()


@pytest.mark.parametrize(
    ("options", "message"), [({"num_envs": 0}, "number of simulations is 0"), ({"threads": -1}, "threads")]
)
def test_impossible_sizes_are_user_errors(make_cart, options, message):
    with pytest.raises(UserError, match=message):
        make_cart(**options)


def test_it_is_a_gymnasium_vector_environment(make_cart):
    env = make_cart(3)
    assert isinstance(env, gymnasium.vector.VectorEnv)
    assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    assert env.metadata["render_fps"] == 20
    observation, _ = env.reset(seed=0)
    assert observation in env.observation_space
    assert env.action_space.sample().shape == (3, 1)
    wrapped = gymnasium.wrappers.vector.RecordEpisodeStatistics(make_cart(3))
    wrapped.reset(seed=0)
    for _ in range(12):
        *_, info = wrapped.step(np.zeros((3, 1)))
    assert info["episode"]["l"].tolist() == [12, 12, 12]
