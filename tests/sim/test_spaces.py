"""Observations of any type and form, actions that are choices, rewards of several agents."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env

from framework.errors import UserError
from framework.sim import SingleEnv
from framework.testing import assert_same
from framework.testing.vector import Step, check_autoreset, check_spaces, check_step


@pytest.fixture
def make(make_cart):
    """Carts seen as pixels or as a few numbers, pushed by choices, two agents to a cart."""

    def build(observation_space, action_space, observe, agents=(), **options):
        class Other(make_cart):
            SPACES = observation_space, action_space

            def _act(self, actions, rows):
                self.acted = actions
                self.ctrl[rows, 0] = actions.reshape(len(actions), -1)[:, 0]

            def _observe(self, rows):
                return observe(self.qpos[rows])

            def _judge(self, observation, actions):
                self.judged = observation
                x = self.qpos[:, 0]
                reward = np.multiply.outer(x, np.ones(agents))
                return reward, np.abs(x) > 1, False, {"team": np.stack([x, -x], axis=-1)}

        return Other(3, **options)

    return build


BOX = spaces.Box(-1, 1, (1,), np.float32)


def pixels(qpos):
    return np.clip(128 + 100 * qpos, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
@pytest.mark.parametrize(
    ("space", "observe"),
    [
        (spaces.Box(0, 255, (2,), np.uint8), pixels),
        (spaces.Box(-np.inf, np.inf, (2,), np.float32), lambda qpos: qpos),
        (spaces.Box(-9, 9, (2, 1), np.float64), lambda qpos: qpos[:, :, None].copy()),
        (spaces.Discrete(2), lambda qpos: (qpos[:, 0] > 0).astype(np.int64)),
        (spaces.Dict({"p": spaces.Box(0, 255, (2,), np.uint8)}), lambda qpos: {"p": pixels(qpos)}),
    ],
    ids=["uint8", "float32", "matrix", "discrete", "dict"],
)
def test_observations_have_the_type_and_form_of_their_space(make, space, observe, mode):
    env = make(space, BOX, observe, autoreset=mode)
    check_spaces(env, "cart")
    first, _ = env.reset(seed=0)
    assert first in env.observation_space
    env.action_space.seed(0)
    steps = []
    state = None
    for count in range(30):
        action = env.action_space.sample()
        steps.append(Step(action, env.step(action)))
        check_step(env, steps[-1], "cart")
        assert type(env.judged) is type(first)
        if count == 9:
            state = env.get_state()
    check_autoreset(env, steps, "cart")
    assert sum(step.done.sum() for step in steps) >= 3
    fresh = make(space, BOX, observe, autoreset=mode)
    fresh.set_state(state)
    for step in steps[10:]:
        assert_same(fresh.step(step.action)[0], step.observation)


@pytest.mark.filterwarnings("ignore:.*is probably too:UserWarning")
@pytest.mark.filterwarnings("ignore:.*not having a spec:UserWarning")
@pytest.mark.filterwarnings("ignore:.*not an image:UserWarning")
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_single_one_is_as_gymnasium_wants_it(make_cart, dtype):
    class Plain(make_cart):
        SPACES = spaces.Box(0, 255, (2,), dtype), BOX

        def _observe(self, rows):
            return pixels(self.qpos[rows]).astype(dtype)

        def _judge(self, observation, actions):
            return observation[:, 0].astype(float), False, False, {}

    check_env(SingleEnv(Plain(1, autoreset="Disabled", max_episode_steps=None)), skip_render_check=True)


def test_numbers_that_would_be_lost_are_an_error(make):
    env = make(spaces.Box(0, 255, (2,), np.uint8), BOX, lambda qpos: qpos)
    with pytest.raises(TypeError, match="uint8"):
        env.reset()


@pytest.mark.parametrize(
    ("space", "good", "bad"),
    [
        (spaces.Discrete(3), [0, 2, 1], [0, 3, 1]),
        (spaces.Discrete(3, start=-1), [-1, 1, 0], [-1, 2, 0]),
        (spaces.MultiDiscrete([2, 3]), [[1, 2], [0, 0], [1, 1]], [[1, 2], [2, 0], [1, 1]]),
        (spaces.MultiDiscrete([2, 3], start=[5, 1]), [[5, 1], [6, 3], [5, 2]], [[5, 1], [5, 4], [5, 2]]),
    ],
)
def test_actions_may_be_choices(make, space, good, bad):
    env = make(spaces.Box(-9, 9, (2,)), space, lambda qpos: qpos)
    check_spaces(env, "cart")
    env.reset(seed=0)
    env.step(np.array(good))
    np.testing.assert_array_equal(env.acted, good)
    env.step(env.action_space.sample())
    with pytest.raises(ValueError, match=r"environments \[1\] are not within"):
        env.step(np.array(bad))
    with pytest.raises(ValueError, match="choices are integers"):
        env.step(np.array(good, float))
    with pytest.raises(ValueError, match="num_envs first"):
        env.step(np.array(good)[:2])


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_rewards_and_info_may_have_an_axis_for_agents(make, mode):
    env = make(spaces.Box(-9, 9, (2,)), BOX, lambda qpos: qpos, agents=2, autoreset=mode)
    env.reset(seed=0)
    ended = 0
    for _ in range(30):
        x = env.qpos[:, 0].copy()
        _, reward, terminated, truncated, info = env.step(np.ones((3, 1)))
        assert reward.shape == (3, 2)
        assert terminated.shape == truncated.shape == (3,)
        if mode == "SameStep" and (done := terminated | truncated).any():
            final = info["final_info"]["team"]
            np.testing.assert_array_equal(final[done, 0], reward[done, 0])
            assert not final[~done].any()
            ended += done.sum()
        elif mode == "NextStep" and (waited := ~info["_team"]).any():
            assert not reward[waited].any()
            assert (x[waited] != env.qpos[waited, 0]).all()
            ended += waited.sum()
    assert ended > 3


@pytest.mark.parametrize(
    ("observation", "action", "message"),
    [
        (spaces.Text(3), BOX, "observation space is Text"),
        (spaces.Tuple([BOX]), BOX, "observations are arrays, or one Dict of arrays"),
        (spaces.Dict({"a": spaces.Dict({"b": BOX})}), BOX, "observation space 'a' is Dict"),
        (BOX, spaces.Tuple([BOX]), "action space is Tuple"),
        (BOX, spaces.MultiBinary(3), "actions are a Box, Discrete or MultiDiscrete"),
    ],
)
def test_other_spaces_are_user_errors(make, observation, action, message):
    assert isinstance(observation, gymnasium.Space)
    with pytest.raises(UserError, match=message):
        make(observation, action, lambda qpos: qpos)
