"""Count-based exploration: the bonus of a visit, in what is learnt from, and in a checkpoint."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from framework.rl.collect.local import Episode
from framework.testing.point_goal import PointGoal
from framework_her.counting import CountBonus
from framework_her.relabel import Relabel


def test_the_nth_visit_is_worth_alpha_over_the_root_of_n():
    bonus = CountBonus(2.0, 0.5)
    goal = np.array([[1.0, 1.0]])
    for achieved in ([1.1, 1.2], [1.4, 1.4], [1.4, 1.0], [0.9, 1.0]):  # three in one cell, one beside it
        bonus.visit(np.array([achieved]), goal)
    found = bonus(np.array([[1.2, 1.2], [0.6, 1.3], [5.0, 5.0]]), np.repeat(goal, 3, axis=0))
    np.testing.assert_allclose(found, [2 / np.sqrt(3), 2.0, 2.0])


def test_what_counts_is_the_place_seen_from_the_goal():
    bonus = CountBonus(1.0, 0.1)
    bonus.visit(np.array([[0.25], [7.25], [7.25], [7.25]]), np.array([[0.0], [7.0], [7.0], [7.0]]))
    np.testing.assert_allclose(bonus(np.array([[-0.75]]), np.array([[-1.0]])), [0.5])


@pytest.mark.parametrize("visits", [0, 50])
def test_counts_are_kept(visits):
    random = np.random.default_rng(0)
    one, other = CountBonus(1.0, 0.3), CountBonus(1.0, 0.3)
    places = random.normal(size=(2, visits, 3)).astype(np.float32)
    one.visit(*places)
    other.load_state_dict(one.state_dict())
    asked = np.concatenate([places, random.normal(size=(2, 20, 3))], axis=1)
    np.testing.assert_array_equal(one(*asked), other(*asked))
    one.visit(*places)
    assert visits == 0 or not np.array_equal(one(*asked), other(*asked))


def episodes(count):
    random = np.random.default_rng(1)
    sizes = {"observation": 3, "achieved_goal": 3, "desired_goal": 3, "action": 3}
    for _ in range(count):
        steps = {key: random.uniform(-1, 1, (6, n)).astype(np.float32) for key, n in sizes.items()}
        yield Episode({**steps, "reward": np.full(6, -1.0, np.float32)}, terminated=False, success=False)


def test_replayed_rewards_hold_the_bonus_of_where_they_lead_to(make):
    algorithm = make(bonus=3.0, bonus_cell=0.5, k=0)
    algorithm.absorb(list(episodes(8)))
    replay = algorithm.replay
    sample = replay.sample(200, np.random.default_rng(0))
    found = algorithm.relabel.all_of(replay, sample, np.random.default_rng(0)).reward[:, 0]
    plain = (
        Relabel(PointGoal(8, dims=3), "future", 0, 0.98)
        .all_of(replay, sample, np.random.default_rng(0))
        .reward[:, 0]
    )
    # Counted here by hand: where each transition leads to, seen from its goal.
    rows = len(replay) + replay.episodes
    way = replay["achieved_goal"][1:rows].astype(float) - replay["desired_goal"][: rows - 1]
    cells = np.floor(way / 0.5)
    seen = np.delete(cells, np.arange(5, rows - 1, 6), axis=0)  # from one episode to the next
    visits = np.array([(seen == cell).all(axis=1).sum() for cell in cells[sample.row]])
    assert visits.max() > 1
    np.testing.assert_allclose(found - plain, 3 / np.sqrt(visits), rtol=1e-5)


def test_values_may_rise_to_what_bonuses_add_up_to(make):
    algorithm = make(bonus=0.5, discount=0.9)
    algorithm.absorb(list(episodes(2)))
    batch = algorithm._sample(algorithm.replay, 16)
    high = algorithm.learner.targets(batch._replace(reward=torch.full((16, 1), 100.0)))
    low = algorithm.learner.targets(batch._replace(reward=torch.full((16, 1), -100.0)))
    assert high.flatten().tolist() == pytest.approx([5.0] * 16)
    assert low.flatten().tolist() == pytest.approx([-10.0] * 16)


def test_counts_go_on_from_a_checkpoint(make):
    one, other = make(bonus=1.0, bonus_cell=0.2), make(bonus=1.0, bonus_cell=0.2)
    one.absorb(one.collect())
    other.load_cycle_state(one.cycle_state())
    places = one.replay["achieved_goal"][:100], one.replay["desired_goal"][:100]
    assert len(np.unique(one.bonus(*places))) > 1
    np.testing.assert_array_equal(one.bonus(*places), other.bonus(*places))
