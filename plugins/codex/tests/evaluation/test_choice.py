from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framework_codex.evaluation.choice import chosen_passes
from framework_codex.evaluation.estimator import pass_at_k


def by_hand(scores: np.ndarray, passed: np.ndarray, m: int) -> float:
    """The mean over every way to draw m of them, ties shared."""
    known = np.where(np.isnan(scores), -np.inf, scores)
    found = []
    for drawn in map(list, combinations(range(len(scores)), m)):
        best = [i for i in drawn if known[i] == known[drawn].max()]
        found.append(passed[best].mean())
    return float(np.mean(found))


@given(st.lists(st.tuples(st.sampled_from([0.0, -1.5, -2.0, np.nan]), st.booleans()), min_size=1, max_size=7))
def test_it_equals_the_mean_over_all_draws(drawn: list[tuple[float, bool]]) -> None:
    scores, passed = np.array([score for score, _ in drawn]), np.array([right for _, right in drawn])
    of = range(1, len(drawn) + 1)
    assert chosen_passes(scores, passed, list(of)) == pytest.approx([by_hand(scores, passed, m) for m in of])


def test_a_score_that_knows_the_truth_is_the_oracle_and_one_that_knows_nothing_is_random() -> None:
    passed = np.arange(50) % 7 == 0
    of = [1, 5, 50]
    assert chosen_passes(passed.astype(float), passed, of) == pytest.approx(pass_at_k(50, passed.sum(), of))
    assert chosen_passes(np.zeros(50), passed, of) == pytest.approx([passed.mean()] * 3)
    assert chosen_passes(np.full(50, np.nan), passed, of) == pytest.approx([passed.mean()] * 3)
