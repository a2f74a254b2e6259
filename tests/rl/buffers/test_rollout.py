from __future__ import annotations

import pytest
import torch

from framework.errors import UserError
from framework.rl.buffers.rollout import RolloutBuffer
from framework.rl.collect.rollout import RolloutCollector
from framework.rl.policy import actor_critic
from framework.testing.equality import assert_same
from tests.rl.worlds import Counting


def fragment(length=12, sequence_length=3, agents=None, seed=0, num_envs=3):
    environment = Counting(num_envs, agents=agents)
    spaces = environment.single_observation_space, environment.single_action_space
    torch.manual_seed(0)
    policy = actor_critic(*spaces, hidden=[8], memory="gru", units=4)
    options = {"agents": agents, "sequence_length": sequence_length}
    return policy, RolloutCollector(environment, policy, seed, **options).collect(length)


def numbers(batch):
    """Which step of which environment each one is; episodes and steps are unlike all others."""
    return [tuple(tag) for tag in batch.observation["tag"].reshape(-1, 4).tolist()]


@pytest.mark.parametrize("agents", [None, 2])
@pytest.mark.parametrize(("sequence_length", "count"), [(1, 5), (3, 5), (12, 3), (4, 1)])
def test_every_step_comes_once_an_epoch_and_in_another_order_each_time(agents, sequence_length, count):
    _, batch = fragment(sequence_length=sequence_length, agents=agents)
    buffer = RolloutBuffer(12, sequence_length, gamma=0.9, lam=0.9)
    buffer.add(batch)
    epochs = [list(buffer.minibatches(count)) for _ in range(3)]
    orders = [[one for minibatch in epoch for one in numbers(minibatch)] for epoch in epochs]
    for epoch, order in zip(epochs, orders, strict=True):
        assert len(epoch) == count
        assert sorted(order) == sorted(numbers(batch))
        sizes = {minibatch.reward.shape[1] for minibatch in epoch}
        assert max(sizes) - min(sizes) <= 1
    assert len(set(map(tuple, orders))) == 3


def test_sequences_are_whole_and_start_from_the_state_they_had():
    policy, batch = fragment()
    buffer = RolloutBuffer(12, 3, gamma=0.9, lam=0.9)
    buffer.add(batch)
    for part in buffer.minibatches(4):
        assert part.reward.shape == (3, 3)
        judged = policy.evaluate(part.observation, part.action, part.state_in, part.is_first)
        torch.testing.assert_close(judged.log_prob, part.log_prob)
        torch.testing.assert_close(judged.value, part.value)


def test_targets_are_td_lambda_returns():
    _, batch = fragment(sequence_length=1)
    buffer = RolloutBuffer(12, gamma=0.9, lam=0.0)
    buffer.add(batch)
    following = batch.next_value.masked_fill(batch.terminated, 0)
    torch.testing.assert_close(buffer.batch.target, batch.reward + 0.9 * following)
    torch.testing.assert_close(buffer.batch.advantage, buffer.batch.target - batch.value)


def test_fragments_of_several_collectors_lie_side_by_side():
    buffer, single = RolloutBuffer(12, 3, gamma=0.9, lam=0.9), RolloutBuffer(12, 3, gamma=0.9, lam=0.9)
    batches = [fragment(seed=seed, num_envs=n)[1] for seed, n in ((0, 3), (1, 2))]
    for batch in batches:
        buffer.add(batch)
    single.add(batches[1])
    assert buffer.batch.reward.shape == (12, 5)
    assert torch.equal(buffer.batch.advantage[:, 3:], single.batch.advantage)
    assert sum(part.reward.shape[1] for part in buffer.minibatches(3)) == 20
    buffer.clear()
    buffer.add(batches[1])
    assert_same(buffer.batch, single.batch)


def test_its_order_goes_on_after_a_checkpoint():
    buffer, resumed = (
        RolloutBuffer(12, 3, gamma=0.9, lam=0.9),
        RolloutBuffer(12, 3, gamma=0.9, lam=0.9, seed=5),
    )
    buffer.add(fragment()[1])
    list(buffer.minibatches(2))
    resumed.load_state_dict(buffer.state_dict())
    assert_same(list(resumed.minibatches(2)), list(buffer.minibatches(2)))


def test_what_does_not_fit_is_refused():
    with pytest.raises(UserError, match="nearest sequence_length that fits is 4"):
        RolloutBuffer(12, 5, gamma=0.9, lam=0.9)
    buffer = RolloutBuffer(10, 5, gamma=0.9, lam=0.9)
    with pytest.raises(UserError, match="takes 10 steps, not 12"):
        buffer.add(fragment()[1])
    buffer.add(fragment(10, 5)[1])
    with pytest.raises(UserError, match="6 sequences do not make 7 minibatches"):
        next(buffer.minibatches(7))
    # States before every third step are not those of sequences of five.
    with pytest.raises(UserError, match="sequence_length"):
        buffer.add(fragment(10, 2)[1])
