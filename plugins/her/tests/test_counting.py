"""Count-based exploration: what a visit is worth, in what is learnt from, and in a checkpoint."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from framework.rl.collect.local import Episode
from framework.testing.point_goal import PointGoal
from framework_her.relabel import Relabel


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
    ways = one.replay["achieved_goal"][:100].astype(float) - one.replay["desired_goal"][:100]
    assert len(np.unique(one.bonus(ways))) > 1
    np.testing.assert_array_equal(one.bonus(ways), other.bonus(ways))
