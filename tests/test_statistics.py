from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from framework.statistics import bootstrap_interval, interquartile_mean, wilson_interval

values = st.floats(-1e6, 1e6)
shapes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=12)


@given(hnp.arrays(np.float64, shapes, elements=values), st.data())
def test_the_interquartile_mean_is_scipys_trimmed_mean(array: np.ndarray, data: st.DataObject) -> None:
    axis = data.draw(st.integers(0, array.ndim - 1))
    expected = scipy.stats.trim_mean(array, 0.25, axis=axis)
    np.testing.assert_allclose(interquartile_mean(array, axis), expected, rtol=1e-12, atol=1e-6)


@given(st.lists(values, min_size=1, max_size=30), st.floats(0.1, 10), values)
def test_it_moves_with_its_values(numbers: list[float], factor: float, shift: float) -> None:
    mean = interquartile_mean(numbers)
    assert min(numbers) - 1e-6 <= mean <= max(numbers) + 1e-6
    moved = interquartile_mean(factor * np.array(numbers) + shift)
    np.testing.assert_allclose(moved, factor * mean + shift, rtol=1e-9, atol=1e-4)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([3.0], 3.0),
        ([1.0, 2.0], 1.5),
        ([1.0, 2.0, 9.0], 4.0),
        ([1.0, 2.0, 4.0, 100.0], 3.0),
        (list(range(1, 9)), 4.5),
        ([0.0] * 3 + [1.0] * 3 + [np.inf, 0.5], 0.625),
    ],
)
def test_a_quarter_is_cut_off_at_each_end(numbers: list[float], expected: float) -> None:
    assert interquartile_mean(numbers) == pytest.approx(expected)


def test_a_nan_is_not_cut_off_as_if_it_were_large() -> None:
    assert np.isnan(interquartile_mean([1.0, 2.0, 3.0, np.nan]))
    both = interquartile_mean([[1.0, 1.0], [2.0, np.nan], [3.0, 3.0], [4.0, 4.0]])
    np.testing.assert_array_equal(both, [2.5, np.nan])


@settings(max_examples=8, deadline=None)
@given(hnp.arrays(np.float64, st.tuples(st.integers(2, 10), st.integers(1, 3)), elements=st.floats(-10, 10)))
def test_the_interval_is_scipys_percentile_bootstrap(array: np.ndarray) -> None:
    low, high = bootstrap_interval([array], resamples=4000) or (None, None)
    expected = scipy.stats.bootstrap(
        [array],
        interquartile_mean,
        n_resamples=4000,
        method="percentile",
        axis=0,
        rng=np.random.default_rng(7),
    ).confidence_interval
    # Both are random: their ends differ by a few times their own standard error.
    scale = np.ptp(array, axis=0) + 1e-9
    assert np.all(np.abs(low - expected.low) <= 0.12 * scale)
    assert np.all(np.abs(high - expected.high) <= 0.12 * scale)


def test_the_interval_of_two_runs_in_closed_form() -> None:
    # Both drawn alike with probability 1/4 each, else one of each: quantiles at 2.5% are the ends.
    assert bootstrap_interval([[1.0, 3.0]]) == (1.0, 3.0)
    assert bootstrap_interval([[1.0, 3.0]], confidence=0.4) == (2.0, 2.0)


def test_it_covers_the_truth_as_often_as_it_says() -> None:
    # Of normal values the interquartile mean estimates the mean, 0. Twenty runs: the percentile
    # bootstrap is a little too narrow for few.
    samples = np.random.default_rng(0).normal(size=(20, 1000))
    low, high = bootstrap_interval([samples], resamples=1000)
    assert 0.90 <= np.mean((low <= 0) & (high >= 0)) <= 0.97


def test_strata_keep_their_sizes() -> None:
    # Between tasks there is a world, within each nothing: resampling within leaves no spread.
    assert bootstrap_interval([[0.0] * 4, [100.0] * 4]) == (50.0, 50.0)
    low, high = bootstrap_interval([[0.0] * 4 + [100.0] * 4])
    assert low < 10
    assert high > 90
    # A stratum of one run stays as it is.
    assert bootstrap_interval([[0.0, 2.0], [5.0]]) == pytest.approx((5 / 3, 9 / 3))


def test_one_run_has_no_interval() -> None:
    assert bootstrap_interval([[1.0]]) is None
    assert bootstrap_interval([[1.0], [2.0]]) is None
    assert bootstrap_interval([]) is None


def test_the_same_runs_give_the_same_interval() -> None:
    array = np.random.default_rng(1).normal(size=(6, 5))
    first, again = bootstrap_interval([array]), bootstrap_interval([array])
    np.testing.assert_array_equal(first, again)
    other = bootstrap_interval([array], seed=1)
    assert not np.array_equal(first, other)
    # Points of a curve are resampled together: a shifted copy has a shifted interval.
    low, high = bootstrap_interval([np.stack([array[:, 0], array[:, 0] + 1], axis=1)])
    assert low[1] == pytest.approx(low[0] + 1)
    assert high[1] == pytest.approx(high[0] + 1)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe 1998, table I, method 3: intervals of 81/263, 15/148, 0/20 and 1/29.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_the_published_ones(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)
