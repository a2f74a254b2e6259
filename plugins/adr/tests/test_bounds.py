"""Bounds by themselves, held against what can be worked out."""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from framework.contracts import EnvironmentParameter
from framework.errors import UserError
from framework.testing import assert_same
from framework_adr.bounds import INSIDE, Bounds
from framework_adr.config import ADRConfig, RangeConfig

FOUND = {
    name: EnvironmentParameter(np.full(3, start), low, high)
    for name, start, low, high in [("x", 0.0, -4.0, 4.0), ("k", 2.0, 0.0, 8.0)]
}


def make(parameters=None, **changes):
    parameters = parameters or {"x": RangeConfig(step=0.125)}
    return Bounds(ADRConfig(**{"inner": None, "parameters": parameters, "buffer": 3, **changes}), FOUND)


def feed(bounds, bound, performances):
    """Results of as many episodes at a bound; returns what each moved."""
    return [bounds.add(bound, bounds.ends.flat[bound], each) for each in performances]


def train(bounds, performance, episodes):
    """Whatever is drawn, performance follows from it."""
    random = np.random.default_rng(0)
    for _ in range(episodes):
        values, bound, place = bounds.draw(random, 1)
        if bound[0] != INSIDE:
            bounds.add(int(bound[0]), float(place[0]), float(performance(values[0])))


def test_a_bound_moves_by_the_mean_of_so_many_results():
    bounds = make()
    assert feed(bounds, 1, [30, 30, 0]) == [False, False, True]  # 20 on average: outwards
    assert bounds.ends.tolist() == [[0, 0.125]]
    feed(bounds, 1, [30, 30, 0]), feed(bounds, 0, [20, 20, 20])
    assert bounds.ends.tolist() == [[-0.125, 0.25]]
    assert feed(bounds, 1, [19, 20, 20]) == [False] * 3  # between the thresholds, and forgotten
    assert feed(bounds, 1, [0, 30, 0]) == [False, False, True]  # 10: inwards
    feed(bounds, 0, [0, 0, 0])
    assert bounds.ends.tolist() == [[0, 0.125]]
    feed(bounds, 0, [0, 0, 0]), feed(bounds, 1, [0, 0, 0]), feed(bounds, 1, [0, 0, 0])
    assert bounds.ends.tolist() == [[0, 0]]  # no farther in than where it started


def test_results_at_a_place_that_was_left_do_not_count():
    bounds = make(buffer=1)
    assert bounds.add(1, 0.0, 30)
    assert not bounds.add(1, 0.0, 0)
    assert bounds.ends.tolist() == [[0, 0.125]]


def test_bounds_stop_where_performance_does():
    # 30 - 10 x is 20 at 1, where the upper bound moves on for the last time; 30 + 5 x at -2.
    from_x = lambda v: 30 - 10 * v[0] if v[0] > 0 else 30 + 5 * v[0]  # noqa: E731
    bounds = make()
    train(bounds, from_x, 1200)
    assert bounds.ends.tolist() == [[-2.125, 1.125]]
    assert bounds.entropy == pytest.approx(log(3.25))
    # Worse all over: 10 at 0.125 and at -0.25, which is too little; they move in once more.
    train(bounds, lambda v: from_x(v) - 18.75, 1200)
    assert bounds.ends.tolist() == [[-0.125, 0.0]]


def test_limits():
    bounds = make({"x": RangeConfig(step=1, low=-1.5, high=0.5), "k": RangeConfig(step=1, start=3)})
    train(bounds, lambda v: 30, 400)
    assert bounds.values().tolist() == [[-1.5, 0.5], [0, 8]]


def test_logarithms():
    bounds = make({"k": RangeConfig(step=log(2), log=True)}, buffer=1, floor=-3.0)
    assert bounds.entropy == -3
    feed(bounds, 0, [30]), feed(bounds, 1, [30])
    np.testing.assert_allclose(bounds.values(), [[1, 4]])
    assert bounds.entropy == pytest.approx(log(2 * log(2)))
    feed(bounds, 1, [30]), feed(bounds, 1, [30])
    assert bounds.values()[0, 1] == pytest.approx(8)
    values, *_ = bounds.draw(np.random.default_rng(0), 4000)
    assert values.max() <= 8  # whatever rounding does
    assert np.median(values) == pytest.approx(exp((log(1) + log(8)) / 2), rel=0.1)


def test_entropy_is_the_mean_over_parameters():
    bounds = make({"x": RangeConfig(step=0.5), "k": RangeConfig(step=0.5)}, buffer=1)
    assert bounds.entropy == -7
    feed(bounds, 0, [30]), feed(bounds, 1, [30])
    assert bounds.entropy == pytest.approx((log(1.0) - 7) / 2)


def test_draws():
    bounds = make({"x": RangeConfig(step=1), "k": RangeConfig(step=1)}, buffer=1, boundary_share=0.4)
    for bound in (0, 1, 1, 2, 3):
        feed(bounds, bound, [30])
    values, bound, place = bounds.draw(np.random.default_rng(1), 20_000)
    ends = bounds.values()
    assert ((ends[:, 0] <= values) & (values <= ends[:, 1])).all()
    shares = np.bincount(bound + 1, minlength=5) / len(bound)
    np.testing.assert_allclose(shares, [0.6, 0.1, 0.1, 0.1, 0.1], atol=0.01)
    for number in range(4):
        rows = bound == number
        pinned, other = values[rows, number // 2], values[rows, 1 - number // 2]
        assert (pinned == ends.flat[number]).all() and (place[rows] == pinned).all()
        low, high = ends[1 - number // 2]
        assert other.mean() == pytest.approx((low + high) / 2, abs=0.06)
        assert other.std() == pytest.approx((high - low) / 12**0.5, abs=0.04)


def test_a_restored_one_goes_on_the_same():
    one, other = make(), make()
    feed(one, 1, [30, 30, 30, 30, 20])
    other.load_state_dict(one.state_dict())
    feed(one, 1, [11]), feed(other, 1, [11])
    assert_same(other.state_dict(), one.state_dict())
    assert one.ends.tolist() == [[0, 0.25]]


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"z": RangeConfig(step=1)}, "no parameter 'z' that can be set\n  it has: x, k"),
        ({"x": RangeConfig(step=1, high=5)}, r"within \[-4.0, 4.0\] in the environment"),
        ({"x": RangeConfig(step=1, low=1)}, "starts at 0.0"),
        ({"x": RangeConfig(step=1, log=True)}, "starts at 0.0, which has no logarithm"),
    ],
)
def test_what_the_environment_has_not(parameters, says):
    with pytest.raises(UserError, match=says):
        make(parameters)
