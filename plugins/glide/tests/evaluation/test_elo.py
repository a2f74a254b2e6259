from __future__ import annotations

import numpy as np
import pytest

from framework_glide.evaluation.elo import elo, preferences


def test_higher_scores_of_pictures_are_preferred_and_draws_shared() -> None:
    found = preferences(np.array([[1.0, 2.0, 3.0], [0.0, 2.0, 4.0]]))

    assert found[0, 1].tolist() == [1, 0.5, 0]
    assert found[1, 0].tolist() == [0, 0.5, 1]


STRENGTHS = np.array([[0], [0.3], [0.6]])


def test_intervals_hold_the_score_and_shrink_with_more_prompts() -> None:
    draws = np.random.default_rng(0)
    few = draws.normal(size=(3, 50)) + STRENGTHS
    many = draws.normal(size=(3, 2000)) + STRENGTHS
    small, large = elo(few, resamples=100), elo(many, resamples=100)

    assert (large.low < large.scores).all() and (large.scores < large.high).all()
    assert ((large.high - large.low) < (small.high - small.low) / 3).all()
    # P(x > y) of normals 0.3 apart is Phi(0.3 / sqrt 2) = 0.584
    assert large.scores[1] - large.scores[0] == pytest.approx(400 * np.log10(0.584 / 0.416), abs=20)
