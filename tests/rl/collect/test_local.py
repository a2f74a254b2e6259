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


class Spaces(gymnasium.vector.VectorEnv):
    """Two environments that count their steps in whatever space; every third step ends an episode."""

    def __init__(self, space, action_space):
        self.metadata = {"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP}
        self.num_envs, self.single_observation_space, self.single_action_space = 2, space, action_space
        self.count, self.taken = 0, []

    def reset(self, *, seed=None, options=None):
        self.count = 0
        return self.observe(), {}

    def step(self, actions):
        self.taken.append(actions)
        self.count += 1
        observation, ended, info = self.observe(), np.full(2, self.count == 3), {}
        if self.count == 3:
            final = np.array([None, None])
            for i in range(2):
                parts = observation.items() if isinstance(observation, dict) else ()
                final[i] = {key: value[i] for key, value in parts} or observation[i]
            info = {"final_obs": final, "_final_obs": ended}
            self.count = 0
            observation = self.observe()
        return observation, np.ones(2), np.zeros(2, np.bool_), ended, info

    def observe(self):
        def fill(space):
            return np.full((2, *space.shape), self.count, space.dtype)

        space = self.single_observation_space
        if isinstance(space, gymnasium.spaces.Dict):
            return {key: fill(part) for key, part in space.items()}
        return fill(space)


BOX, IMAGE = gymnasium.spaces.Box(-1, 9, (3,)), gymnasium.spaces.Box(0, 255, (4, 5, 3), np.uint8)
DISCRETE, MULTI = gymnasium.spaces.Discrete(9), gymnasium.spaces.MultiDiscrete([9, 9])
DOUBLE = gymnasium.spaces.Box(-1, 9, (3,), np.float64)


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (BOX, {"observation": ((3,), np.float32)}),
        (DOUBLE, {"observation": ((3,), np.float32)}),
        (IMAGE, {"observation": ((4, 5, 3), np.uint8)}),
        (DISCRETE, {"observation": ((), np.int64)}),
        (MULTI, {"observation": ((2,), np.int64)}),
        (
            gymnasium.spaces.Dict({"seen": IMAGE, "felt": DOUBLE, "level": DISCRETE}),
            {"seen": ((4, 5, 3), np.uint8), "felt": ((3,), np.float32), "level": ((), np.int64)},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize(
    "action_space",
    [DISCRETE, MULTI, gymnasium.spaces.Box(-np.inf, np.inf, (2,))],
    ids=lambda value: type(value).__name__,
)
def test_any_space_can_be_collected(space, expected, action_space):
    environment = Spaces(space, action_space)
    actions = [np.full((2, *action_space.shape), i + 1, action_space.dtype) for i in range(7)]
    following = iter(actions)
    episodes = EpisodeCollector(environment, seed=0).collect(7, lambda observation: next(following))
    assert len(episodes) == 4
    for episode in episodes:
        for key, (shape, dtype) in expected.items():
            values = episode.steps[key]
            assert values.shape == (4, *shape)
            assert values.dtype == dtype
            assert values.reshape(4, -1)[:, 0].tolist() == [0, 1, 2, 3]
        assert episode.steps["action"].dtype == action_space.dtype
        assert episode.steps["action"].reshape(4, -1)[:, 0].tolist() in ([1, 2, 3, 0], [4, 5, 6, 0])
        assert episode.ret == 3
    assert all(taken is action for taken, action in zip(environment.taken, actions, strict=True))


@pytest.mark.parametrize(
    "space",
    [
        gymnasium.spaces.Tuple([BOX, BOX]),
        gymnasium.spaces.Dict({"inner": gymnasium.spaces.Dict({"a": BOX})}),
        gymnasium.spaces.Dict({"action": BOX}),
    ],
    ids=str,
)
def test_observations_that_have_no_place_in_an_episode_are_refused(space):
    with pytest.raises(UserError, match="Spaces has observations"):
        EpisodeCollector(Spaces(space, DISCRETE), seed=0)


def test_an_environment_may_reuse_its_arrays():
    class Reuses(Spaces):
        held = np.zeros((2, 3), np.float32)

        def observe(self):
            self.held[:] = self.count
            return self.held

        def step(self, actions):
            observation, *rest, info = super().step(actions)
            for i in range(2) if "final_obs" in info else ():
                info["final_obs"][i] = np.full(3, 3, np.float32)
            return observation, *rest, info

    episodes = EpisodeCollector(Reuses(BOX, DISCRETE), seed=0).collect(6, lambda o: np.zeros(2, np.int64))
    assert [episode.steps["observation"][:, 0].tolist() for episode in episodes] == [[0, 1, 2, 3]] * 4


def test_without_a_state_of_the_environment_new_episodes_start(caplog):
    one, other = (EpisodeCollector(Spaces(BOX, DISCRETE), seed=seed) for seed in (0, 0))
    still = lambda observation: np.zeros(2, np.int64)  # noqa: E731
    one.collect(5, still)
    assert "the state of Spaces is not in checkpoints" in caplog.text
    assert "it has no get_state" in caplog.text
    other.load_state_dict(one.state_dict())
    assert [len(episode) for episode in other.collect(3, still)] == [3, 3]


def test_an_episode_without_end_is_an_error():
    collector = EpisodeCollector(PointGoal(2, horizon=10_000), seed=0, longest=100)
    with pytest.raises(UserError, match="time limit"):
        collector.collect(200, Wander())


def test_other_autoreset_modes_are_refused():
    environment = gymnasium.make_vec("CartPole-v1", 1)
    with pytest.raises(UserError, match="SAME_STEP"):
        EpisodeCollector(environment, seed=0)
    environment.close()


def test_a_watcher_sees_every_step_and_is_saved():
    class Diary:
        def __init__(self):
            self.starts, self.rewards = 0, []

        def started(self):
            self.starts += 1

        def stepped(self, reward, terminated, truncated, info):
            self.rewards.append(reward.tolist())

        def state_dict(self):
            return {"rewards": list(self.rewards)}

        def load_state_dict(self, state):
            self.rewards = list(state["rewards"])

    one, other = (EpisodeCollector(PointGoal(2, horizon=(3, 5)), seed=1) for _ in range(2))
    one.watcher, other.watcher = Diary(), Diary()
    wander = Wander()
    episodes = one.collect(15, wander)
    assert one.watcher.starts == 1
    assert sum(map(sum, one.watcher.rewards)) == sum(episode.ret for episode in episodes)
    other.load_state_dict(one.state_dict())
    again = Wander()
    again.random.bit_generator.state = wander.random.bit_generator.state
    one.collect(4, wander), other.collect(4, again)
    assert (other.watcher.starts, other.watcher.rewards) == (0, one.watcher.rewards)
