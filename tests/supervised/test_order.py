from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from framework.errors import UserError
from framework.supervised.order import Shuffled, Streamed, Supply


def supply(streamed: bool, count: int = 50, seed: int = 3) -> Supply[int]:
    if not streamed:
        return Shuffled(range(count), seed)
    rows = Dataset.from_dict({"n": list(range(count))}).to_iterable_dataset(num_shards=min(count, 3))
    return Streamed(rows, lambda row: int(row["n"]), window=7, seed=seed)


@pytest.mark.parametrize("streamed", [False, True])
@given(count=st.integers(1, 40), cut=st.integers(1, 90))
def test_every_epoch_is_a_permutation(streamed: bool, count: int, cut: int) -> None:
    examples = supply(streamed, count)
    taken = examples.take(cut) + examples.take(3 * count)
    for epoch in range(3):
        assert sorted(taken[epoch * count : (epoch + 1) * count]) == list(range(count))


@pytest.mark.parametrize("streamed", [False, True])
@given(cut=st.integers(0, 200), more=st.integers(1, 150))
def test_an_interruption_changes_nothing(streamed: bool, cut: int, more: int) -> None:
    whole, interrupted, resumed = (supply(streamed) for _ in range(3))
    whole.take(cut)
    expected = whole.take(more)
    interrupted.take(cut)
    state: dict[str, Any] = interrupted.state_dict()
    resumed.load_state_dict(state)
    assert resumed.take(more) == expected


@pytest.mark.parametrize("streamed", [False, True])
def test_seeds_and_epochs_have_orders_of_their_own(streamed: bool) -> None:
    one, other = supply(streamed, seed=0), supply(streamed, seed=1)
    first = one.take(50)
    assert first != other.take(50)
    assert first != one.take(50)


def test_a_stream_of_nothing_is_refused() -> None:
    rows = Dataset.from_dict({"n": [1]}).to_iterable_dataset().filter(lambda row: False)
    with pytest.raises(UserError, match="stream of nothing"):
        Streamed(rows, lambda row: row, window=2, seed=0).take(1)
