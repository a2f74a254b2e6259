from __future__ import annotations

import numpy as np
import pytest

from framework_codex.evaluation.power_law import PowerLaw, fit_power_law, fit_with_floor

SIZES = np.geomspace(1e5, 1e9, 7)


def test_the_papers_law_is_found_again() -> None:
    law = fit_power_law(SIZES, (SIZES / 5.92e7) ** -0.13)
    assert (law.alpha, law.scale, law.r2) == pytest.approx((0.13, 5.92e7, 1))
    assert law(5.92e7) == pytest.approx(1)


@pytest.mark.parametrize(("floor", "alpha"), [(1.2, 0.3), (0.5, 0.076), (0.0, 0.2)])
def test_a_floor_is_found_again(floor: float, alpha: float) -> None:
    law = fit_with_floor(SIZES, floor + (SIZES / 3e6) ** -alpha)
    assert (law.alpha, law.floor) == pytest.approx((alpha, floor), abs=2e-3)
    assert law.r2 == pytest.approx(1)
    assert law(3e6) == pytest.approx(floor + 1, rel=1e-3)


def test_noise_is_told_from_the_law() -> None:
    noise = 1 + 0.05 * np.random.default_rng(0).standard_normal(7)
    assert fit_power_law(SIZES, noise).r2 < 0.6
    assert 0.9 < fit_power_law(SIZES, PowerLaw(0.13, 5.92e7, 0, 1)(SIZES) * noise).r2 < 1
    assert fit_with_floor(SIZES, PowerLaw(0.13, 5.92e7, 0, 1)(SIZES) * noise).floor >= 0
