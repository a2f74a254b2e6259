from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import UserError
from framework.rl.buffers.episodes import EpisodeReplay
from framework.rl.collect.local import Episode
from framework.testing import assert_same


def episode(number: int, length: int, terminated: bool = False) -> Episode:
    """Each row tells its episode and its step."""
    rows = np.stack([np.full(length + 1, number), np.arange(length + 1)], axis=1).astype(np.float32)
    return Episode({"row": rows, "reward": rows[:, 1]}, terminated, False)


@settings(deadline=None, max_examples=60)
@given(
    capacity=st.integers(8, 40),
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=40),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_is_sampled_was_stored_and_is_of_one_episode(capacity, lengths, seed):
    replay = EpisodeReplay(capacity)
    for number, length in enumerate(lengths):
        replay.add(episode(number, length, terminated=length % 2 == 0))
    sample = replay.sample(200, np.random.default_rng(seed))
    number, step = replay["row"][sample.row].T.astype(int)
    stored = np.array(lengths)[number]
    assert (step < stored).all()
    assert_same(replay["row"][sample.row + 1], np.stack([number, step + 1], 1).astype(np.float32))
    assert_same(sample.end - sample.row, (stored - step).astype(np.int64))
    assert_same(sample.row - sample.start, step.astype(np.int64))
    assert_same(sample.last, (step == stored - 1) & (stored % 2 == 0))


@settings(deadline=None, max_examples=60)
@given(capacity=st.integers(8, 40), lengths=st.lists(st.integers(1, 7), min_size=1, max_size=60))
def test_the_newest_episodes_stay_and_fill_the_buffer(capacity, lengths):
    replay = EpisodeReplay(capacity)
    for number, length in enumerate(lengths):
        replay.add(episode(number, length))
        assert replay.episodes <= number + 1
    kept = replay["row"][replay.newest(replay.episodes).row, 0].astype(int)
    order = list(dict.fromkeys(kept.tolist()))
    assert order == list(range(len(lengths) - len(order), len(lengths)))
    assert len(replay) == sum(lengths[number] for number in order) == len(kept)
    assert len(replay) + replay.episodes <= capacity
    # What a wrap leaves unused at the end is less than the longest episode.
    if len(order) < len(lengths):
        assert len(replay) + replay.episodes > capacity - 3 * (max(lengths) + 1)


@settings(deadline=None, max_examples=60)
@given(capacity=st.integers(2, 24), lengths=st.lists(st.integers(1, 9), min_size=1, max_size=60))
def test_an_episode_is_kept_while_it_and_all_newer_ones_are_whole(capacity, lengths):
    """After any number of wraps, against a look at the memory itself.

    An episode is whole while each of its rows, that of its final observation too, is still
    where it was written.
    """
    replay = EpisodeReplay(capacity)
    lengths = [length for length in lengths if length + 1 <= capacity]
    for number, length in enumerate(lengths):
        replay.add(episode(1000 + number, length, terminated=length % 2 == 0))
        if number == 0:
            replay["row"][length + 1 :] = -1  # what no episode has written yet holds anything
        written = {tuple(row) for row in replay["row"].tolist()}
        kept = []
        for old in reversed(range(number + 1)):
            if not all((1000 + old, step) in written for step in range(lengths[old] + 1)):
                break
            kept.insert(0, old)
        assert replay.episodes == len(kept)
        assert len(replay) == sum(lengths[old] for old in kept)
        everything = replay.newest(replay.episodes)
        expected = [(1000 + old, step) for old in kept for step in range(lengths[old])]
        assert [tuple(row) for row in replay["row"][everything.row].astype(int)] == expected
        assert [tuple(row) for row in replay["row"][everything.row + 1].astype(int)] == [
            (old, step + 1) for old, step in expected
        ]
        assert everything.last.tolist() == [
            lengths[old - 1000] % 2 == 0 and step == lengths[old - 1000] - 1 for old, step in expected
        ]


def test_a_row_over_the_final_observation_takes_the_episode_with_it():
    replay = EpisodeReplay(7)
    for number, length in enumerate((2, 3)):  # rows 0 to 2, and 3 to 6
        replay.add(episode(number, length))
    replay.add(episode(2, 1))  # over rows 0 and 1
    assert replay.episodes == 2
    replay.add(episode(3, 1))  # over row 2, which is nobody's, and row 3
    assert replay["row"][replay.newest(9).row].tolist() == [[2, 0], [3, 0]]
    replay = EpisodeReplay(6)
    for number, length in enumerate((1, 1, 1)):
        replay.add(episode(number, length))
    replay.add(episode(3, 2))  # over rows 0 to 2: one more than the first episode had
    assert replay["row"][replay.newest(9).row].tolist() == [[2, 0], [3, 0], [3, 1]]


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.bool_])
def test_fields_keep_their_type(dtype):
    steps = {"image": np.ones((4, 3, 2), dtype), "reward": np.zeros(4, np.float32)}
    replay, other = EpisodeReplay(10), EpisodeReplay(10)
    replay.add(Episode(steps, terminated=False, success=False))
    other.load_state_dict(replay.state_dict())
    for each in (replay, other):
        assert each["image"].dtype == dtype
        assert (each["image"][:4] == 1).all()


def test_transitions_are_drawn_uniformly_whatever_the_length_of_their_episodes():
    replay = EpisodeReplay(100)
    for number, length in enumerate((1, 4, 15)):
        replay.add(episode(number, length))
    drawn = replay.sample(200_000, np.random.default_rng(0))
    counts = np.unique(drawn.row, return_counts=True)[1]
    assert len(counts) == 20
    assert np.abs(counts / 10_000 - 1).max() < 0.05


def test_weights_say_how_often_an_episode_is_drawn():
    replay = EpisodeReplay(100)
    for number, weight in enumerate((1.0, 11.0, 0.0)):
        replay.add(episode(number, 10), weight)
    drawn = replay["row"][replay.sample(120_000, np.random.default_rng(0)).row, 0]
    counts = np.bincount(drawn.astype(int), minlength=3)
    assert counts[2] == 0
    assert counts[1] / counts[0] == pytest.approx(11, rel=0.05)


def test_the_newest_transitions_come_in_order():
    replay = EpisodeReplay(100)
    for number, length in enumerate((3, 2, 4)):
        replay.add(episode(number, length))
    newest = replay.newest(2)
    assert replay["row"][newest.row].tolist() == [[1, 0], [1, 1], [2, 0], [2, 1], [2, 2], [2, 3]]
    assert len(replay.newest(0).row) == 0
    assert len(replay.newest(99).row) == 9


def test_nothing_to_sample_before_an_episode_ended():
    with pytest.raises(ValueError, match="no episode has ended"):
        EpisodeReplay(10).sample(1, np.random.default_rng(0))


def test_an_episode_longer_than_the_buffer_is_refused():
    with pytest.raises(UserError, match="capacity"):
        EpisodeReplay(10).add(episode(0, 10))


@pytest.mark.parametrize("episodes", [0, 1, 5, 20])
def test_a_restored_buffer_is_the_same_and_goes_on_the_same(episodes):
    replay = EpisodeReplay(50)
    for number in range(episodes):
        replay.add(episode(number, 1 + number % 7), 1.0 + number)
    file = io.BytesIO()
    torch.save(replay.state_dict(), file)
    file.seek(0)
    restored = EpisodeReplay(50)
    restored.load_state_dict(torch.load(file, weights_only=False))
    for each in (replay, restored):
        each.add(episode(99, 3))
    assert_same(restored.state_dict(), replay.state_dict())
    samples = [each.sample(50, np.random.default_rng(3)) for each in (replay, restored)]
    assert_same(samples[0]._asdict(), samples[1]._asdict())


def test_saving_leaves_out_what_is_not_filled():
    replay = EpisodeReplay(1_000_000)
    replay.add(episode(0, 10))
    file = io.BytesIO()
    torch.save(replay.state_dict(), file)
    assert len(file.getvalue()) < 10_000


def test_a_larger_state_does_not_fit():
    replay = EpisodeReplay(50)
    for number in range(5):
        replay.add(episode(number, 7))
    with pytest.raises(UserError, match="capacity"):
        EpisodeReplay(20).load_state_dict(replay.state_dict())
