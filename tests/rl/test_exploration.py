"""How often and how far actions stray from the policy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from framework.rl.off_policy.config import ActorQConfig
from framework.rl.off_policy.exploration import Exploration
from framework.rl.off_policy.model import ActorQ
from framework.rl.trees import to_tensors
from framework.testing.point_goal import PointGoal

COUNT = 40_000
SEEN = {"observation": np.full((COUNT, 3), 0.1), "desired_goal": np.full((COUNT, 3), -0.2)}


def policy(model: ActorQ) -> np.ndarray:
    return model.act(to_tensors(SEEN)).action.detach().numpy()


@pytest.fixture
def model() -> ActorQ:
    torch.manual_seed(0)
    return ActorQ(PointGoal(dims=3), ActorQConfig(hidden=(8,), observations=tuple(SEEN), normalize=True))


def test_without_noise_it_is_the_policy(model: ActorQ) -> None:
    actions = Exploration(model, random_action=0, noise=0, seed=0)(SEEN)
    assert np.array_equal(actions, policy(model))
    assert actions.dtype == np.float32


@pytest.mark.parametrize("share", [0.25, 1.0])
def test_a_share_of_the_actions_is_uniform(model: ActorQ, share: float) -> None:
    actions, expected = Exploration(model, share, noise=0, seed=0)(SEEN), policy(model)
    random = (actions != expected).all(axis=1)
    assert random.mean() == pytest.approx(share, abs=0.01)
    assert (actions[~random] == expected[~random]).all()
    assert actions[random].mean(axis=0) == pytest.approx(0, abs=0.03)
    assert actions[random].var(axis=0) == pytest.approx(1 / 3, abs=0.02)


def test_the_others_have_noise_and_stay_within_bounds(model: ActorQ) -> None:
    little = Exploration(model, 0, noise=0.1, seed=0)(SEEN) - policy(model)
    assert little.mean(axis=0) == pytest.approx(0, abs=0.01)
    assert little.std(axis=0) == pytest.approx(0.1, abs=0.005)
    much = Exploration(model, 0, noise=5, seed=0)(SEEN)
    assert (much.min(), much.max()) == (-1, 1)


def test_it_acts_with_a_copy_until_it_is_refreshed(model: ActorQ) -> None:
    exploration = Exploration(model, 0, 0, seed=0)
    before = policy(model)
    model.normalizer.update(torch.randn(50, 6))
    with torch.no_grad():
        model.actor[0].bias += 1
    assert np.array_equal(exploration(SEEN), before)
    exploration.refresh(model)
    assert np.array_equal(exploration(SEEN), policy(model))
