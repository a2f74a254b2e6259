from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, MultiDiscrete

from framework.errors import UserError
from framework.rl.policy import Player, actor_critic
from framework.rl.selfplay.policies import TeamPolicies
from framework.testing import check_policy

TEAMS = {"evens": (0, 2), "odds": (3, 1)}
SEEN, DONE = Dict(place=Box(-1, 1, (2,)), speed=Box(-1, 1, (1, 3))), MultiDiscrete([3, 5])


def one(memory="lstm", units=4, seed=0):
    torch.manual_seed(seed)
    return actor_critic(
        SEEN, DONE, hidden=[8], memory=memory, units=units, normalize=True, head={"gain": 1.0}
    )


def two():
    return TeamPolicies({"evens": one(), "odds": one(seed=1)}, TEAMS)


def observations(*shape):
    torch.manual_seed(2)
    return {"place": torch.randn(*shape, 2), "speed": torch.randn(*shape, 1, 3)}


def test_it_is_a_policy():
    check_policy(two())


def test_each_team_acts_by_its_own():
    policy, seen, first = two(), observations(5, 3, 4), torch.rand(5, 3, 4) < 0.3
    policy.normalize_by(observations(7, 4))
    state = {"actor": torch.randn(3, 4, 8), "critic": torch.randn(3, 4, 8)}
    action = torch.randint(3, (5, 3, 4, 2))
    judged = policy.evaluate(seen, action, state, first)
    modes = judged.distribution.mode()
    for name, places in TEAMS.items():
        at = list(places)
        alone = policy.members[name].evaluate(
            {key: x[:, :, at] for key, x in seen.items()},
            action[:, :, at],
            {key: x[:, at] for key, x in state.items()},
            first[:, :, at],
        )
        for what in ("log_prob", "entropy", "value"):
            torch.testing.assert_close(getattr(judged, what)[..., at], getattr(alone, what))
        torch.testing.assert_close(modes[:, :, at], alone.distribution.mode())
        for key in state:
            torch.testing.assert_close(judged.state[key][:, at], alone.state[key])


def test_each_team_scales_by_what_it_sees_itself():
    policy, seen = two(), observations(50, 4)
    policy.normalize_by(seen)
    for name, places in TEAMS.items():
        mean = policy.members[name].normalizer.parts[0].mean
        torch.testing.assert_close(mean, seen["place"][:, list(places)].flatten(0, 1).mean(0))


def test_a_team_of_several_policies_is_that_ones():
    first, second = two(), one(seed=5)
    mixed = TeamPolicies({"evens": second, "odds": first}, TEAMS)
    assert mixed.members["odds"] is first.members["odds"]
    assert mixed.members["evens"] is second


def test_a_critic_that_one_lacks_is_none_of_theirs():
    policy = two()
    policy.members["odds"].drop_critic()
    step = policy.act(observations(3, 4))
    assert step.value is None
    assert set(step.state) == {"actor"}


def test_policies_have_to_fit():
    with pytest.raises(UserError, match="remember differently"):
        TeamPolicies({"evens": one(), "odds": one(units=5)}, TEAMS)
    with pytest.raises(UserError, match=r"\['evens'\] cannot play for teams \['evens', 'odds'\]"):
        TeamPolicies({"evens": one()}, TEAMS)


def test_a_player_draws_from_its_generator():
    seen = {key: x.numpy() for key, x in observations(2, 4).items()}
    drawn = [Player(two(), 4, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)]
    actions = [np.stack([player(seen) for _ in range(8)]) for player in drawn]
    assert (actions[0] == actions[1]).all()
    assert (actions[0] != actions[2]).any()
    assert (actions[0] != Player(two(), 4)(seen)).any()
