"""Curious learning: what a step is rewarded by, what learns beside the policy, and checkpoints."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.rl.budget import Budget
from framework.rl.curiosity.config import CuriousConfig
from framework.rl.curiosity.ppo import Curious
from framework.rl.on_policy.config import PolicyConfig
from framework.rl.on_policy.model import make_policy
from framework.testing.equality import assert_same
from tests.rl.test_cycle import Cut
from tests.rl.worlds import Duel


def make(**config):
    torch.manual_seed(0)
    environment = Duel(4)
    policy = make_policy(environment, PolicyConfig(hidden=(8,)))
    given = {"budget": Budget(env_steps=240), "steps": 10, "minibatches": 2, "epochs": 1, **config}
    return Curious(environment, policy, CuriousConfig(**given))


def test_a_step_is_worth_what_it_led_to_by_the_visits_so_far():
    algorithm = make(bonus="counts", seen={"sees": (0, 2)}, cell=1.0, reward_weight=0.5, bonus_weight=3.0)
    visits: dict[tuple[float, ...], int] = {}
    for _ in range(3):
        batch, finished = algorithm.collect()
        algorithm.absorb((batch, finished))
        # By hand, over what the environment did: an agent and the step, which begins anew after 3 + i steps.
        led_to = batch.next_observation()["sees"][..., [0, 2]].numpy()
        assert led_to[..., 1].max() == 6  # the last step of the longest, before the reset
        for state in led_to.reshape(-1, 2).tolist():
            visits[tuple(state)] = visits.get(tuple(state), 0) + 1
        worth = np.array([1 / np.sqrt(visits[tuple(s)]) for s in led_to.reshape(-1, 2).tolist()])
        expected = 0.5 * batch.reward.numpy() + 3 * worth.reshape(led_to.shape[:-1])
        np.testing.assert_allclose(algorithm.buffer.batch.reward, expected, rtol=1e-6)


def test_what_is_seen_often_is_foretold_better(framework_fit):
    """A corner of the state space is never led to: it stays new."""
    algorithm = make(learning_rate=1e-2, epochs=8, hidden=(16,), budget=Budget(env_steps=800))
    framework_fit(algorithm)
    seen = algorithm.states({"sees": torch.tensor([[0.0, 0, 1], [3, 1, 2]])})
    never = algorithm.states({"sees": torch.tensor([[0.0, 1, 1], [3, 0, 2]])})
    with torch.no_grad():
        assert algorithm.random_network(seen).max() < 0.3 * algorithm.random_network(never).min()


@pytest.mark.parametrize("bonus", ["counts", "random_network"])
def test_a_cut_training_goes_on_the_same(framework_fit, tmp_path, bonus):
    whole, resumed = (make(bonus=bonus) for _ in range(2))
    framework_fit(whole, callbacks=[Cut(tmp_path / "cut.ckpt", 3, "end")])
    framework_fit(resumed, resume=tmp_path / "cut.ckpt")
    assert_same(resumed.state_dict(), whole.state_dict())
    assert_same(resumed.cycle_state(), whole.cycle_state())


@pytest.mark.parametrize(
    ("seen", "said"),
    [({"sees": (7,)}, "no number 7"), ({"seees": (0,)}, "did you mean 'sees'"), ({}, "empty")],
)
def test_what_is_not_there_cannot_be_looked_at(seen, said):
    with pytest.raises(UserError, match=said):
        make(seen=seen)
