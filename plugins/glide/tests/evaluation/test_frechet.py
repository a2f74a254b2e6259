from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from framework_glide.evaluation.frechet import Gaussian, extrapolated_distance, frechet_distance


def test_of_diagonal_gaussians_is_the_closed_form() -> None:
    one = Gaussian(np.array([0.0, 1.0, 2.0]), np.diag([1.0, 4.0, 9.0]))
    other = Gaussian(np.array([1.0, 1.0, 0.0]), np.diag([4.0, 1.0, 9.0]))

    # |m1 - m2|^2 + sum (s1 - s2)^2
    assert one.distance(other) == pytest.approx((1 + 4) + (1 + 1 + 0))


def test_agrees_with_scipys_matrix_root() -> None:
    draws = np.random.default_rng(0)
    one = draws.normal(size=(300, 12)) @ draws.normal(size=(12, 12)) + 1
    other = draws.normal(size=(200, 12)) @ draws.normal(size=(12, 12))
    c1, c2 = np.cov(one.T), np.cov(other.T)
    apart = one.mean(0) - other.mean(0)
    expected = apart @ apart + np.trace(c1 + c2 - 2 * scipy.linalg.sqrtm(c1 @ c2).real)

    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(other, one) == pytest.approx(expected, rel=1e-9)


def test_is_zero_of_a_set_to_itself_even_with_fewer_pictures_than_features() -> None:
    few = np.random.default_rng(0).normal(size=(8, 40))

    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-9)


def test_of_two_draws_of_one_distribution_falls_like_one_over_n() -> None:
    draws = np.random.default_rng(0)
    mean = [
        np.mean([frechet_distance(draws.normal(size=(n, 8)), draws.normal(size=(n, 8))) for _ in range(40)])
        for n in (100, 400)
    ]

    assert mean[0] / mean[1] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize("apart", [0.0, 0.5])
def test_extrapolated_to_ever_more_pictures_it_loses_its_bias(apart: float) -> None:
    draws = np.random.default_rng(0)
    reference = Gaussian(np.zeros(32), np.eye(32))
    sets = [apart + draws.normal(size=(600, 32)) for _ in range(8)]

    plain = np.mean([Gaussian.fit(one).distance(reference) for one in sets])
    extrapolated = np.mean([extrapolated_distance(one, reference) for one in sets])

    truth = 32 * apart**2
    assert abs(extrapolated - truth) < 0.2 * (plain - truth)


def test_one_picture_has_no_covariance() -> None:
    with pytest.raises(ValueError, match="two rows"):
        Gaussian.fit(np.zeros((1, 3)))
