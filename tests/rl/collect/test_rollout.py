from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from framework.errors import UserError
from framework.rl.buffers.transitions import ReplayBuffer
from framework.rl.collect.rollout import RolloutCollector
from framework.rl.policy import actor_critic
from framework.rl.trees import leaves, tree_map
from framework.testing.equality import assert_same
from tests.rl.spaces import ACTIONS, OBSERVATIONS
from tests.rl.worlds import Counting


def policy_for(environment, memory=None):
    torch.manual_seed(0)
    spaces = environment.single_observation_space, environment.single_action_space
    return actor_critic(*spaces, hidden=[8], memory=memory, units=4)


def collector(memory="lstm", agents=None, **options):
    environment = Counting(agents=agents)
    return RolloutCollector(environment, policy_for(environment, memory), 1, agents=agents, **options)


@pytest.mark.parametrize("agents", [None, 2])
def test_every_observation_is_in_its_place(agents):
    collecting = collector(agents=agents)
    tags, led_to, ended, first = [], [], [], []
    for _ in range(3):
        batch = collecting.collect(7)
        tags.append(batch.observation["tag"])
        led_to.append(batch.next_observation()["tag"])
        ended.append(batch.ended)
        first.append(batch.is_first)
        assert torch.equal(batch.observation["byte"][..., 0].float(), tags[-1][..., 2])
        assert batch.observation["byte"].dtype == torch.uint8
        assert torch.equal(batch.reward, tags[-1][..., 2] + 1)
        assert not (batch.terminated & batch.truncated).any()
    tags, led_to, ended, first = (torch.cat(each) for each in (tags, led_to, ended, first))
    assert torch.equal(first, tags[..., 2] == 0)
    assert torch.equal(ended[:-1], first[1:])
    # What a step led to is one step further in the same episode, also where it ended.
    assert torch.equal(led_to, tags + torch.tensor([0.0, 0, 1, 0]))
    assert torch.equal(tags[1:][~ended[:-1]], led_to[:-1][~ended[:-1]])
    assert (tags[..., 0] == torch.arange(3).reshape(3, *[1] * (tags.ndim - 3))).all()
    assert agents is None or (tags[..., 3] == torch.arange(2)).all()


@pytest.mark.parametrize("agents", [None, 2])
def test_values_of_what_follows_come_from_the_true_final_observation(agents):
    collecting = collector(agents=agents)
    policy, state = collecting.policy, None
    for _ in range(2):
        batch = collecting.collect(8)
        led_to = batch.next_observation()
        for t in range(8):
            now, after = (tree_map(lambda x: x[t], tree) for tree in (batch.observation, led_to))  # noqa: B023
            with torch.no_grad():
                step = policy.act(now, state, batch.is_first[t])
                worth = policy.value(after, step.state)
            state = step.state
            torch.testing.assert_close(batch.value[t], step.value)
            going_on = ~batch.terminated[t]
            torch.testing.assert_close(batch.next_value[t][going_on], worth[going_on])
        assert batch.truncated.any()


def test_fragments_replay_exactly_from_the_states_kept():
    collecting = collector(sequence_length=3)
    collecting.collect(4)
    batch = collecting.collect(7)
    assert {name: tuple(held.shape) for name, held in batch.state_in.items()} == {
        "actor": (3, 3, 8),
        "critic": (3, 3, 8),
    }
    for number, start in enumerate(range(0, 7, 3)):
        rows = slice(start, start + 3)
        observation = tree_map(lambda x: x[rows], batch.observation)  # noqa: B023
        state = {name: held[number] for name, held in batch.state_in.items()}
        judged = collecting.policy.evaluate(observation, batch.action[rows], state, batch.is_first[rows])
        torch.testing.assert_close(judged.log_prob, batch.log_prob[rows])
        torch.testing.assert_close(judged.value, batch.value[rows])


def test_returns_and_lengths_of_the_episodes_that_ended():
    collecting = collector()
    finished = []
    for _ in range(4):
        batch = collecting.collect(5)
        assert len(collecting.finished) == int(batch.ended.sum())
        finished += collecting.finished
    assert all(ret == length * (length + 1) / 2 for ret, length in finished)
    assert {length for _, length in finished} <= {1, 2, 3, 4, 5}


def test_resumed_equals_uninterrupted():
    whole, cut = collector(), collector()
    whole.collect(4)
    cut.collect(4)
    state = cut.state_dict()
    expected = [(whole.collect(5), whole.finished) for _ in range(2)]
    cut.collect(3)  # does not touch what was saved
    resumed = collector()
    resumed.load_state_dict(state)
    assert_same([(resumed.collect(5), resumed.finished) for _ in range(2)], expected)


def test_before_the_first_step_there_is_a_state_too():
    environment = Counting()
    environment.reset(seed=3)
    first, resumed = (RolloutCollector(environment, policy_for(environment), 1) for _ in range(2))
    resumed.load_state_dict(first.state_dict())
    one = resumed.collect(4)
    assert_same(one, collector(None).collect(4))


class Any(gymnasium.Env):
    """Draws whatever its spaces hold, and is over by chance."""

    def __init__(self, observation, action):
        self.observation_space, self.action_space = observation, action

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        over, cut_off = self.np_random.random(2) < 0.3
        return self.observation_space.sample(), 1.0, bool(over), bool(cut_off), {}


@pytest.mark.parametrize(
    ("observation", "action"),
    [*((name, "discrete") for name in OBSERVATIONS), *(("box", name) for name in ACTIONS)],
)
def test_gymnasium_environments_of_any_space(observation, action):
    spaces = OBSERVATIONS[observation], ACTIONS[action]
    environment = SyncVectorEnv([lambda: Any(*spaces)] * 2, autoreset_mode=AutoresetMode.SAME_STEP)
    batch = RolloutCollector(environment, actor_critic(*spaces, hidden=[4]), 0).collect(6)
    assert batch.log_prob.isfinite().all()
    buffer = ReplayBuffer(*spaces, capacity=40, streams=2)
    buffer.add(batch)
    drawn = buffer.sample(5, gamma=0.9, n=2)
    for now, then, held in zip(
        leaves(batch.observation),
        leaves(batch.next_observation()),
        leaves(drawn.final_observation),
        strict=True,
    ):
        assert now.shape == then.shape == (6, 2, *held.shape[1:])
        assert now.dtype == held.dtype
        assert set(held.flatten().tolist()) <= set(then.flatten().tolist())
    for now, held in zip(leaves(batch.action), leaves(drawn.action), strict=True):
        assert now.dtype == held.dtype
        assert set(held.flatten().tolist()) <= set(now.flatten().tolist())


def test_exploration_changes_what_is_taken_and_stored():
    environment = Counting()
    explore = lambda action, generator: torch.full_like(action, 2)  # noqa: E731
    taken = []
    environment.step, step = lambda action: (taken.append(action), step(action))[1], environment.step
    batch = RolloutCollector(environment, policy_for(environment), 0, explore=explore).collect(3)
    assert (batch.action == 2).all()
    assert (np.array(taken) == 2).all()


def test_an_environment_that_resets_in_a_step_of_its_own_is_refused():
    environment = SyncVectorEnv([lambda: Any(OBSERVATIONS["box"], ACTIONS["discrete"])])
    with pytest.raises(UserError, match="SAME_STEP"):
        RolloutCollector(environment, policy_for(environment), 0)


class Diary:
    """Writes down what it is told."""

    def __init__(self):
        self.starts, self.steps = 0, []

    def started(self):
        self.starts += 1

    def stepped(self, reward, terminated, truncated, info):
        self.steps.append((reward.tolist(), (terminated | truncated).tolist(), "final_obs" in info))

    def state_dict(self):
        return {"steps": list(self.steps)}

    def load_state_dict(self, state):
        self.steps = list(state["steps"])


def test_a_watcher_sees_every_step_and_is_saved():
    one, other = collector(), collector()
    one.watcher, other.watcher = Diary(), Diary()
    batch = one.collect(6)
    assert one.watcher.starts == 1
    seen, ended, final = zip(*one.watcher.steps, strict=True)
    assert torch.equal(torch.tensor(seen, dtype=torch.float32), batch.reward)
    assert torch.equal(torch.tensor(ended), batch.ended)
    assert list(final) == batch.ended.any(dim=1).tolist()
    other.load_state_dict(one.state_dict())
    one.collect(4), other.collect(4)
    assert (other.watcher.starts, other.watcher.steps) == (0, one.watcher.steps)
