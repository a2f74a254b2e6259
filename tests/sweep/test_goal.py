"""What a search is for, and what it tries next."""

from __future__ import annotations

import math

import pytest

from framework.errors import UserError
from framework.runs.metrics import meant
from framework.sweep import Goal
from framework.sweep.axes import Axes

FINALS = {"judge/rate": 0.25, "judge/low": 0.125, "base/other/score": 2.0}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("judge/rate", ["judge/rate"]),
        ("rate", ["judge/rate"]),
        ("low", ["judge/low"]),
        ("judge", ["judge/rate"]),
        ("other", ["base/other/score"]),
        ("other/score", ["base/other/score"]),
        ("base/other", ["base/other/score"]),
        ("ate", []),
        ("base", []),
    ],
)
def test_which_metric_is_meant(name: str, expected: list[str]) -> None:
    assert meant(name, FINALS) == expected


def test_a_goal_that_may_be_several_metrics_is_refused() -> None:
    assert Goal(3, "rate").value(FINALS) == 0.25
    with pytest.raises(UserError, match="may be a/rate or b/rate"):
        Goal(3, "rate").value({"a/rate": 1.0, "b/rate": 2.0})
    with pytest.raises(UserError, match="did you mean 'judge/rate'"):
        Goal(3, "judge/rat").value(FINALS)


def test_nan_is_the_worst_and_the_best_is_best() -> None:
    high, low = Goal(3, "rate", "maximize"), Goal(3, "rate", "minimize")
    assert high.value({"a/rate": math.nan}) == -math.inf
    assert low.value({"a/rate": math.nan}) == math.inf
    assert high.best({"x": 1.0, "y": 3.0, "z": -math.inf}) == "y"
    assert low.best({"x": 1.0, "y": 3.0, "z": math.inf}) == "x"
    assert high.best({}) == ""


def test_what_was_found_decides_what_is_tried() -> None:
    from framework.sweep.study import suggest

    axes = Axes.parse(["a=0..1000", "b=1e-3..1.0", "c=x,y", "d=1"], ranges=True)
    goal = Goal(40, "rate", "maximize")
    found: list[tuple[dict[str, str], float]] = []
    for number in range(40):
        choices = suggest(axes, goal, found, seed=number)
        assert choices == suggest(axes, goal, found, seed=number)
        assert set(choices) == {"a", "b", "c"}
        assert 0 <= int(choices["a"]) <= 1000
        assert 1e-3 <= float(choices["b"]) <= 1.0
        found.append((choices, -abs(int(choices["a"]) - 700) - (100 if choices["c"] == "x" else 0)))
    late = [choices for choices, _ in found[20:]]
    assert sum(choices["c"] == "y" for choices in late) > 15
    assert sum(abs(int(choices["a"]) - 700) for choices in late) / len(late) < 200
