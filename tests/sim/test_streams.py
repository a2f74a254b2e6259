from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.sim import Streams

counts = st.integers(1, 6)
seeds = st.integers(0, 2**64 - 1)
draws = st.lists(st.tuples(st.sets(st.integers(0, 5)), st.integers(1, 5)), max_size=6)


def ids_of(chosen, count):
    return np.array(sorted(i for i in chosen if i < count), np.intp)


@given(count=counts, seed=seeds, plan=draws)
def test_a_stream_knows_only_its_own_draws(count, seed, plan):
    streams = Streams(count)
    streams.reseed(seed)
    alone = [Streams(count) for _ in range(count)]
    for one in alone:
        one.reseed(seed)
    for chosen, size in plan:
        ids = ids_of(chosen, count)
        drawn = streams.uniform(ids, 0, 1, size)
        for row, i in zip(drawn, ids, strict=True):
            np.testing.assert_array_equal(row, alone[i].uniform(np.array([i]), 0, 1, size)[0])


@given(count=counts, seed=seeds, plan=draws)
def test_state_is_exact(count, seed, plan):
    streams, other = Streams(count), Streams(count)
    streams.reseed(seed)
    for chosen, size in plan:
        streams.uniform(ids_of(chosen, count), 0, 1, size)
    streams.generators[0].integers(0, 100, dtype=np.uint32)  # leaves half a word behind
    other.set_state(streams.get_state())
    everyone = np.arange(count)
    np.testing.assert_array_equal(streams.uniform(everyone, 0, 1, 3), other.uniform(everyone, 0, 1, 3))
    assert streams.generators[0].integers(0, 100, dtype=np.uint32) == other.generators[0].integers(
        0, 100, dtype=np.uint32
    )


def test_seeds_are_spawned_not_shifted():
    streams, next_seed = Streams(2), Streams(2)
    streams.reseed(0), next_seed.reseed(1)
    everyone = np.arange(2)
    assert streams.uniform(everyone, 0, 1, 1)[1] != next_seed.uniform(everyone, 0, 1, 1)[0]


def test_one_seed_each():
    streams = Streams(3)
    streams.reseed([1, None, 1])
    drawn = streams.uniform(np.arange(3), 0, 1, 2)
    np.testing.assert_array_equal(drawn[0], drawn[2])
    assert (drawn[0] != drawn[1]).all()
    with pytest.raises(ValueError, match="2 seeds for 3 environments"):
        streams.reseed([1, 2])


@given(low=st.floats(-1e3, 1e3), width=st.floats(1e-3, 1e3))
def test_bounds(low, width):
    drawn = Streams(2).uniform(np.arange(2), low, low + width, 50)
    assert drawn.shape == (2, 50)
    assert (drawn >= low).all()
    assert (drawn <= low + width).all()
