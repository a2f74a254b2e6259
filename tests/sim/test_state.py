from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.errors import UserError
from framework.testing import assert_same


@pytest.mark.parametrize("mode", ["SameStep", "NextStep"])
def test_a_restored_environment_continues_bit_for_bit(make_cart, play, mode):
    @settings(max_examples=15, deadline=None)
    @given(before=st.integers(0, 30), seed=st.integers(0, 2**64 - 1))
    def check(before, seed):
        env = make_cart(5, autoreset=mode)
        env.reset(seed=seed)
        play(env, before)
        state = env.get_state()
        expected = play(env, 30, seed=1)
        after = env.get_state()
        env.set_state(state)
        assert_same(play(env, 30, seed=1), expected)
        fresh = make_cart(5, autoreset=mode, threads=2)
        fresh.set_state(state)
        assert_same(play(fresh, 30, seed=1), expected)
        assert_same(fresh.get_state(), after)

    check()


def test_a_state_is_arrays_that_nothing_changes(make_cart, play):
    env = make_cart(2)
    env.reset(seed=0)
    state = env.get_state()
    assert all(isinstance(value, np.ndarray) and value.dtype != object for value in state.values())
    kept = {key: value.copy() for key, value in state.items()}
    play(env, 15)
    env.set_state(state)
    play(env, 15)
    assert_same(state, kept)


def test_the_number_of_threads_changes_nothing(make_cart, play):
    results = []
    for threads in (1, 2, 3, 0):
        env = make_cart(6, threads=threads)
        env.reset(seed=4)
        results.append((play(env, 40), env.get_state()))
    for result in results[1:]:
        assert_same(result, results[0])


def test_the_state_of_something_else_is_refused(make_cart):
    env = make_cart(2)
    with pytest.raises(UserError, match="with 2 environments: 'elapsed' is"):
        env.set_state(make_cart(3).get_state())
    with pytest.raises(UserError, match="'goal' is missing"):
        env.set_state({key: value for key, value in env.get_state().items() if key != "goal"})
