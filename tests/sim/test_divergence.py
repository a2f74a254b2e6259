"""A simulation that blows up costs its own episode and nothing else."""

from __future__ import annotations

import logging

import gymnasium
import mujoco
import numpy as np
import pytest

from framework.sim import VectorEnv


@pytest.mark.parametrize("field", ["qpos", "qvel"])
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e12])
@pytest.mark.parametrize("threads", [1, 2])
def test_only_the_diverged_simulation_starts_anew(make_cart, play, value, field, threads):
    env, twin = make_cart(4, threads=threads), make_cart(4)
    before, _ = env.reset(seed=0)
    twin.reset(seed=0)
    getattr(env, field)[2, 1] = value
    broken, whole = play(env, 30), play(twin, 30)
    others = [0, 1, 3]
    for a, b in zip(broken, whole, strict=True):
        for one, other in ((a[0], b[0]), (a[4], b[4])):
            for key in ("state", "goal", "right"):
                if key in one:
                    np.testing.assert_array_equal(one[key][others], other[key][others])
        for one, other in zip(a[1:4], b[1:4], strict=True):
            np.testing.assert_array_equal(one[others], other[others])
    _, reward, terminated, truncated, info = broken[0]
    assert info["diverged"].tolist() == [False, False, True, False]
    assert truncated.tolist() == [False, False, True, False]
    assert not terminated.any()
    assert np.isfinite(reward).all()
    np.testing.assert_array_equal(info["final_obs"][2]["state"], before["state"][2])
    assert info["final_info"]["diverged"][2]
    assert env.diverged == 1
    assert all(np.isfinite(values).all() for step in broken for values in step[0].values())


def test_without_autoreset_a_diverged_simulation_waits(make_cart):
    env = make_cart(2, autoreset="Disabled")
    env.reset(seed=0)
    env.qvel[1] = np.nan
    observation, _, _, truncated, _ = env.step(np.zeros((2, 1)))
    assert truncated.tolist() == [False, True]
    assert np.isfinite(observation["state"]).all()
    env.reset(options={"reset_mask": truncated})
    *_, truncated, info = env.step(np.zeros((2, 1)))
    assert not truncated.any()
    assert not info["diverged"].any()


def test_with_next_step_a_diverged_simulation_starts_anew_a_step_later(make_cart):
    env = make_cart(2, autoreset="NextStep")
    env.reset(seed=0)
    env.qvel[1] = np.nan
    assert env.step(np.zeros((2, 1)))[3].tolist() == [False, True]
    for _ in range(5):
        observation, *_, truncated, _ = env.step(np.zeros((2, 1)))
        assert not truncated.any()
        assert np.isfinite(observation["state"]).all()
    assert env.diverged == 1


def test_divergence_is_logged_and_leaves_no_file(make_cart, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    env = make_cart(2)
    env.reset(seed=0)
    env.qvel[1] = np.nan
    with caplog.at_level(logging.WARNING, logger="mujoco"):
        env.step(np.zeros((2, 1)))
    assert "unstable" in caplog.text
    assert not list(tmp_path.iterdir())


class Pile(VectorEnv):
    """Balls in so little memory that MuJoCo raises an error when they touch."""

    BALLS = 50

    def __init__(self) -> None:
        balls = "".join(
            f'<body pos="{i} 0 1"><joint type="slide" axis="1 0 0"/><geom size=".1"/></body>'
            for i in range(self.BALLS)
        )
        space = gymnasium.spaces.Dict({"x": gymnasium.spaces.Box(-np.inf, np.inf, (self.BALLS,), np.float64)})
        super().__init__(
            mujoco.MjModel.from_xml_string(
                f'<mujoco><size memory="50K"/><worldbody>{balls}</worldbody></mujoco>'
            ),
            3,
            observation_space=space,
            action_space=gymnasium.spaces.Box(-1, 1, (1,), np.float32),
            threads=2,
        )
        self.x = self.batch.bind("qpos")
        self._zero = self.batch.state[0].copy()

    def _start(self, ids):
        self.batch.state[ids] = self._zero

    def _act(self, actions, rows):
        pass

    def _observe(self, rows):
        return {"x": self.x[rows].copy()}

    def _judge(self, observation, actions):
        return np.zeros(3), False, False, {}


def test_an_error_inside_mujoco_is_isolated_too():
    env = Pile()
    before, _ = env.reset()
    env.x[1] = np.linspace(0, 0.3, env.BALLS) - np.arange(env.BALLS)
    observation, _, _, truncated, info = env.step(np.zeros((3, 1)))
    assert truncated.tolist() == info["diverged"].tolist() == [False, True, False]
    np.testing.assert_array_equal(observation["x"], before["x"])
    assert env.diverged == 1
    assert not env.step(np.zeros((3, 1)))[3].any()


def test_a_reset_forgets_what_went_wrong_before(make_cart):
    env = make_cart(2)
    env.reset(seed=0)
    env.qvel[1] = np.nan
    env.batch.step()
    assert env.batch.warning[1].any()
    env.reset()
    assert not env.step(np.zeros((2, 1)))[4]["diverged"].any()
