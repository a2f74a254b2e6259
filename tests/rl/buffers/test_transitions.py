from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import UserError
from framework.rl.batch import Batch
from framework.rl.buffers.transitions import ReplayBuffer
from framework.rl.collect.rollout import RolloutCollector
from framework.rl.policy import actor_critic
from framework.testing.equality import assert_same
from tests.rl.worlds import Counting

GAMMA = 0.9


def collector(num_envs=2, agents=None, seed=0, longest=5):
    environment = Counting(num_envs, agents, longest)
    spaces = environment.single_observation_space, environment.single_action_space
    torch.manual_seed(0)
    return RolloutCollector(environment, actor_critic(*spaces, hidden=[4]), seed, agents=agents)


def buffer_for(collecting, capacity, **options):
    environment = collecting.environment
    spaces = environment.single_observation_space, environment.single_action_space
    streams = int(np.prod(collecting.batch))
    return ReplayBuffer(*spaces, capacity=capacity * streams, streams=streams, **options)


class Model:
    """The same as lists: rows of each stream, the newest `rows` of them."""

    def __init__(self, rows, streams):
        self.rows, self.streams = rows, [[] for _ in range(streams)]

    def add(self, batch):
        shape = (len(batch.reward), len(self.streams))
        tag, led_to = (
            each["tag"].reshape(*shape, 4) for each in (batch.observation, batch.next_observation())
        )
        flat = {
            name: getattr(batch, name).reshape(shape)
            for name in ("reward", "action", "terminated", "truncated")
        }
        for i, rows in enumerate(self.streams):
            if rows and rows[-1]["kind"] == "newest":
                if batch.is_first.reshape(shape)[0, i]:
                    rows[-1]["kind"], rows[-2]["truncated"] = "final", True
                else:
                    rows.pop()
            for t in range(shape[0]):
                step = {name: value[t, i].item() for name, value in flat.items()}
                rows.append({"kind": "step", "tag": tuple(tag[t, i].tolist()), **step})
                ended = step["terminated"] or step["truncated"]
                if ended or t == shape[0] - 1:
                    rows.append({"kind": "final" if ended else "newest", "tag": tuple(led_to[t, i].tolist())})
            del rows[: -self.rows]

    def transitions(self, n):
        """What can be drawn, by the tag of where it starts."""
        found = {}
        for rows in self.streams:
            for start, first in enumerate(rows):
                if first["kind"] != "step":
                    continue
                total, k = 0.0, 0
                while k < n and rows[start + k]["kind"] == "step":
                    total += GAMMA**k * rows[start + k]["reward"]
                    k += 1
                last, after = rows[start + k - 1], rows[start + k]["tag"]
                discount = 0.0 if last["terminated"] else GAMMA**k
                endings = (last["terminated"], last["truncated"], first["tag"][2] == 0)
                found[first["tag"]] = (first["action"], *endings, after, total, discount)
        return found


def check(buffer, model, n):
    expected = model.transitions(n)
    assert len(buffer) == len(expected)
    drawn = buffer.sample(20 * len(expected), gamma=GAMMA, n=n)
    tags = [tuple(tag) for tag in drawn.observation["tag"].tolist()]
    assert set(tags) == set(expected)
    after = [tuple(tag) for tag in drawn.final_observation["tag"].tolist()]
    exact = (drawn.action, drawn.terminated, drawn.truncated, drawn.is_first)
    found = list(zip(*(each.tolist() for each in exact), after, strict=True))
    assert found == [expected[tag][:5] for tag in tags]
    sums = torch.stack([drawn.reward, drawn.discount], -1)
    np.testing.assert_allclose(sums, [expected[tag][5:] for tag in tags], rtol=1e-5)
    bytes_too = drawn.observation["byte"]
    assert bytes_too.dtype == torch.uint8
    assert torch.equal(bytes_too[:, 0].float(), drawn.observation["tag"][:, 2])


@settings(deadline=None, max_examples=25)
@given(
    st.integers(14, 30),
    st.lists(st.integers(1, 6), min_size=1, max_size=9),
    st.sampled_from([None, 2]),
    st.integers(1, 6),
    st.integers(0, 1000),
    st.integers(0, 9),
)
def test_it_holds_the_newest_transitions_and_sums_over_no_end(rows, lengths, agents, n, seed, leave):
    collecting = collector(agents=agents, seed=seed)
    buffer = buffer_for(collecting, rows)
    model = Model(buffer.rows, buffer.streams)
    for number, length in enumerate(lengths):
        if number == leave:  # the running episodes are left, and new ones begun
            collecting = collector(agents=agents, seed=seed + 1)
            collecting._seed = None
            collecting.environment.reset(seed=seed + 1)
            collecting.environment.episode += 1000
            collecting._observation = collecting_tensors(collecting)
        batch = collecting.collect(length)
        buffer.add(batch)
        model.add(batch)
    check(buffer, model, n)


def collecting_tensors(collecting):
    from framework.rl.trees import to_tensors

    return to_tensors(collecting.environment.observe())


def test_memory_is_that_of_each_observation_once_in_its_own_type():
    space = Dict(image=Box(0, 255, (8, 8, 3), np.uint8), joints=Box(-1, 1, (5,), np.float64))
    buffer = ReplayBuffer(space, Box(-1, 1, (2,)), capacity=1000, streams=10)
    assert buffer.nbytes == 1000 * (192 + 4 * 5 + 4 * 2 + 4 + 4)
    assert buffer.fields["observation"]["image"].dtype == torch.uint8
    held = sum(x.nbytes for x in (*buffer.fields["observation"].values(), buffer.fields["action"]))
    assert held == 1000 * (192 + 20 + 8)


def test_what_does_not_fit_is_refused_before_it_is_made():
    image = Box(0, 255, (100, 100), np.uint8)
    with pytest.raises(UserError, match=r"takes 10.0. GB of memory; 1.00 GB are free\n  a capacity of 99"):
        ReplayBuffer(image, Discrete(2), capacity=1_000_000, streams=1, max_bytes=10**9)
    with pytest.raises(UserError, match="a capacity of"):
        ReplayBuffer(image, Discrete(2), capacity=10**12, streams=1)


def test_a_fragment_longer_than_the_buffer_is_refused():
    collecting = collector()
    with pytest.raises(UserError, match="10 steps of 2 streams do not fit a replay buffer of 8 rows"):
        buffer_for(collecting, 8).add(collecting.collect(10))


def test_it_is_empty_at_first():
    buffer = buffer_for(collector(), 8)
    assert len(buffer) == 0
    with pytest.raises(ValueError, match="empty"):
        buffer.sample(1, gamma=GAMMA)


@pytest.mark.parametrize("fragments", [1, 6])
def test_loaded_equals_saved(fragments):
    collecting = collector(num_envs=6)
    buffer, loaded = (buffer_for(collecting, 20, seed=seed) for seed in (0, 9))
    before = collector(num_envs=6, seed=7)
    for _ in range(4):
        loaded.add(before.collect(9))  # what was in it before is gone
    for _ in range(fragments):
        buffer.add(collecting.collect(5))
    assert buffer._open[buffer._next.argmax()]  # the last row that is used holds a newest observation
    state = buffer.state_dict()
    for name in ("reward", "action"):  # views, not copies
        assert state["fields"][name].data_ptr() == buffer.fields[name].data_ptr()
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded.load_state_dict(torch.load(file, weights_only=True))
    assert_same(loaded.sample(50, gamma=GAMMA, n=3), buffer.sample(50, gamma=GAMMA, n=3))
    more = collecting.collect(6)
    for each in (buffer, loaded):
        each.add(more)
    assert len(loaded) == len(buffer)
    assert_same(loaded.sample(50, gamma=GAMMA, n=3), buffer.sample(50, gamma=GAMMA, n=3))


def test_a_buffer_of_another_size_is_refused():
    with pytest.raises(UserError, match="2 streams of 20 rows, this one 2 of 30"):
        buffer_for(collector(), 30).load_state_dict(buffer_for(collector(), 20).state_dict())


def test_all_transitions_are_drawn_alike():
    collecting = collector(longest=1)
    buffer = buffer_for(collecting, 12)
    buffer.add(collecting.collect(5))
    drawn = buffer.sample(20_000, gamma=GAMMA).observation["tag"]
    _, counts = drawn.unique(dim=0, return_counts=True)
    assert len(counts) == 10
    np.testing.assert_allclose(counts / 20_000, 0.1, atol=0.01)


def test_numbers_that_are_none_in_free_memory_stay_out_of_sums():
    buffer = ReplayBuffer(Box(-1, 1, (1,)), Discrete(2), capacity=10, streams=1)
    buffer.fields["reward"].fill_(torch.nan)
    one = torch.zeros(2, 1)
    no = torch.zeros(2, 1, dtype=torch.bool)
    flags = {"terminated": no, "truncated": no, "is_first": no}
    observation = torch.zeros(2, 1, 1)
    buffer.add(
        Batch(
            observation=observation, action=one.long(), reward=one, final_observation=observation[0], **flags
        )
    )
    assert (buffer.sample(20, gamma=GAMMA, n=5).reward == 0).all()
