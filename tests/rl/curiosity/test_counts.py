"""Counts: what a visit is worth, projections, and what a checkpoint keeps."""

from __future__ import annotations

import numpy as np
import pytest

from framework.rl.curiosity.counts import Counts, projection


def test_the_nth_visit_is_worth_alpha_over_the_root_of_n():
    bonus = Counts(2.0, 0.5)
    for state in ([0.1, 0.2], [0.4, 0.4], [0.4, 0.0], [-0.1, 0.0]):  # three in one cell, one beside it
        bonus.visit([state])
    found = bonus([[0.2, 0.2], [-0.4, 0.3], [4.0, 4.0]])
    np.testing.assert_allclose(found, [2 / np.sqrt(3), 2.0, 2.0])


@pytest.mark.parametrize("visits", [0, 50])
def test_counts_are_kept(visits):
    random = np.random.default_rng(0)
    one, other = Counts(1.0, 0.3), Counts(1.0, 0.3)
    places = random.normal(size=(visits, 3)).astype(np.float32)
    one.visit(places)
    other.load_state_dict(one.state_dict())
    asked = np.concatenate([places, random.normal(size=(20, 3))])
    np.testing.assert_array_equal(one(asked), other(asked))
    one.visit(places)
    assert visits == 0 or not np.array_equal(one(asked), other(asked))


def test_near_states_share_the_cells_of_a_projection():
    """Of 20 numbers each, in which a grid would tell all apart."""
    random = np.random.default_rng(0)
    middles = 10 * random.normal(size=(5, 20))
    states = (middles[:, None] + 0.05 * random.normal(size=(5, 200, 20))).reshape(-1, 20)
    few, all_ = Counts(1.0, 1.0, projection(20, 3, seed=1)), Counts(1.0, 0.05)
    for counts in (few, all_):
        counts.visit(states)
    assert (all_(states) == 1).all()
    assert few(states).mean() < 0.2  # of 200 visits, most to one cell or a few
    assert few(states + 100).mean() == 1
    assert projection(3, 3, seed=1) is None
