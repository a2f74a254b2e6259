from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from framework.ratings import elo_scores


def test_two_players_have_the_closed_form() -> None:
    scores = elo_scores([[0, 30], [10, 0]])

    assert scores[0] - scores[1] == pytest.approx(400 * np.log10(3))
    assert scores.sum() == pytest.approx(0)


def test_agrees_with_a_general_optimiser() -> None:
    wins = np.random.default_rng(0).integers(1, 60, size=(5, 5)).astype(float)

    def loss(s: np.ndarray) -> float:
        beaten = wins * np.log10(1 + 10 ** ((s[None] - s[:, None]) / 400))
        return float(beaten.sum() - np.trace(beaten))

    expected = minimize(loss, np.zeros(5), method="BFGS", options={"gtol": 1e-8}).x

    assert elo_scores(wins) == pytest.approx(expected - expected.mean(), abs=0.05)


def test_recovers_the_strengths_games_were_played_with() -> None:
    true = np.array([-120.0, -20.0, 30.0, 110.0])
    chance = 1 / (1 + 10 ** ((true[None] - true[:, None]) / 400))

    assert elo_scores(1000 * chance) == pytest.approx(true, abs=1e-6)


def test_pairs_that_never_met_are_linked_by_others() -> None:
    scores = elo_scores([[0, 3, 0], [1, 0, 3], [0, 1, 0]])

    assert scores[0] - scores[2] == pytest.approx(2 * 400 * np.log10(3))


def test_one_that_always_won_needs_a_prior() -> None:
    wins = [[0, 20, 20], [0, 0, 10], [0, 10, 0]]
    with pytest.raises(ValueError, match="prior"):
        elo_scores(wins)

    scores = elo_scores(wins, prior=0.5)
    assert np.isfinite(scores).all()
    assert scores[0] > 400


def test_strong_players_converge() -> None:
    wins = np.array([[0, 1e6, 1e6], [1, 0, 1e6], [1, 1, 0]])

    scores = elo_scores(wins)
    assert scores[0] > scores[1] > scores[2]
