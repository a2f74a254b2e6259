"""An algorithm with a policy acts for one observation or many, and remembers where it has to."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete

from framework.errors import UserError
from framework.rl.acting import Plays
from framework.rl.policy import actor_critic

SPACE = Dict(position=Box(-1.0, 1.0, (3,)), phase=Discrete(4))
OBSERVATIONS = [{"position": np.random.default_rng(i).normal(size=3), "phase": i % 4} for i in range(4)]


class Trained(Plays):
    def __init__(self, memory=None):
        torch.manual_seed(0)
        self.policy = actor_critic(SPACE, Box(-2.0, 2.0, (2,)), memory=memory, head={"gain": 1.0})


def batch(*observations):
    return {key: np.stack([one[key] for one in observations]) for key in SPACE}


def test_one_and_many():
    trained = Trained()
    actions = trained.act(batch(*OBSERVATIONS))
    assert actions.shape == (4, 2)
    np.testing.assert_allclose(trained.act(OBSERVATIONS[1]), actions[1], atol=1e-6)
    listed = {"position": OBSERVATIONS[1]["position"].tolist(), "phase": 1, "unseen": "text"}
    np.testing.assert_allclose(trained.act(listed), actions[1], atol=1e-6)


def test_a_player_remembers_within_an_episode():
    trained = Trained("lstm")
    with pytest.raises(UserError, match=r"has a memory\n.*player = algorithm.player\(\)"):
        trained.act(OBSERVATIONS[0])
    player = trained.player()
    first, second = player(OBSERVATIONS[0]), player(OBSERVATIONS[1])
    player.ended()
    np.testing.assert_array_equal(player(OBSERVATIONS[0]), first)
    assert not np.array_equal(trained.player()(OBSERVATIONS[1]), second)
    # Side by side, of which one episode ends before the second step.
    together = trained.player()
    together(batch(OBSERVATIONS[0], OBSERVATIONS[2]))
    together.ended(np.array([False, True]))
    both = together(batch(OBSERVATIONS[1], OBSERVATIONS[0]))
    np.testing.assert_allclose(both, [second, first], atol=1e-6)
    with pytest.raises(UserError, match="remembers 2 episodes, and is given 3 observations"):
        together(batch(*OBSERVATIONS[:3]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ([0.0, 1.0], "has to be a dict of position, phase, not a list"),
        ({"position": np.zeros(3)}, "lacks phase; it has position"),
        ({"position": np.zeros(2), "phase": 0}, r"\['position'\] has shape \(2,\)"),
        ({"position": np.zeros((2, 3)), "phase": 0}, "are of different batches"),
        ({"position": ["a", "b", "c"], "phase": 0}, "is of <U1; expected numbers of float32"),
        ({"position": [[1.0], [1.0, 2.0]], "phase": 0}, "is no array of numbers"),
        ({"position": [0.0, np.inf, 0.0], "phase": 0}, "is not finite"),
        ({"position": np.zeros(3), "phase": 0.5}, "is of float64; expected numbers of int64"),
    ],
)
def test_what_is_no_observation_is_refused(wrong, message):
    with pytest.raises(UserError, match=message):
        Trained().act(wrong)
