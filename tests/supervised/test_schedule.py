from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework.supervised.schedule import learning_rate


def test_rises_in_a_line_and_falls_in_a_cosine() -> None:
    rates = [learning_rate(step, 2000, 1.0, 175, 0.1) for step in range(2000)]
    assert rates[0] == pytest.approx(1 / 175)
    assert rates[174] == rates[175] == max(rates) == 1.0
    middle = 175 + (2000 - 175) / 2
    assert learning_rate(int(middle), 2000, 1.0, 175, 0.1) == pytest.approx(0.55, abs=1e-3)
    assert rates[-1] == pytest.approx(0.1, abs=1e-4)


@given(st.integers(1, 500), st.integers(0, 400), st.floats(0, 1))
def test_stays_between_its_ends_however_short_the_training(total: int, warmup: int, final: float) -> None:
    rates = [learning_rate(step, total, 3e-3, warmup, final) for step in range(total)]
    assert all(0 < rate <= 3e-3 or math.isclose(rate, 3e-3) for rate in rates) or final == 0
    assert max(rates) == pytest.approx(3e-3) or total < 3
