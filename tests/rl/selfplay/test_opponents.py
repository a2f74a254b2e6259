"""Opponents from the past: who acts for whom, for how long, and what is kept of it."""

from __future__ import annotations

import pytest
import torch

from framework.rl.collect.rollout import RolloutCollector
from framework.rl.policy import actor_critic
from framework.rl.selfplay.opponents import Opponents
from framework.rl.selfplay.policies import TeamPolicies
from framework.rl.selfplay.teams import agent_spaces
from framework.testing.equality import assert_same
from tests.rl.worlds import Duel


def certain(choice, memory="lstm"):
    """A policy that all but always makes the same choice."""
    torch.manual_seed(0)
    policy = actor_critic(*agent_spaces(Duel()), hidden=[4], memory=memory, units=3)
    with torch.no_grad():
        policy.head.linear.bias[choice] += 50
    return policy


def separate(choice):
    return TeamPolicies({"evens": certain(choice), "odds": certain(choice)}, Duel().teams)


def change(policy, choice):
    like = separate if isinstance(policy, TeamPolicies) else certain
    policy.load_state_dict(like(choice).state_dict())


@pytest.mark.parametrize("make", [certain, separate])
def test_the_past_plays_whole_games_for_one_team(make):
    """The present chooses 0; copies, taken one after the other, 1 and 2."""
    policy, environment = make(1), Duel(6)
    past = Opponents(policy, environment.teams, [0, 2, 3], kept=2)
    collector = RolloutCollector(environment, past, 0, agents=4)
    chosen, own, first, seen = [], [], [], []

    def collect(steps):
        batch = collector.collect(steps)
        chosen.append(batch.action[..., 0])
        own.append(batch.own)
        first.append(batch.is_first[..., 0])
        seen.append(batch.observation["sees"][..., 1])

    collect(2)  # no copy yet: everybody is the present
    assert own[0].all()
    for choice in (1, 2):
        change(policy, choice)
        past.take()
    change(policy, 0)
    collect(60)
    chosen, own, first, seen = (torch.cat(each)[2:] for each in (chosen, own, first, seen))
    assert (chosen[own] == 0).all()
    assert set(chosen[~own].tolist()) == {1, 2}
    assert own[:, [1, 4, 5]].all()
    for game in (0, 2, 3):
        starts = first[:, game].nonzero().flatten().tolist()
        assert own[: starts[0], game].all()  # it began before there was a copy
        sides = set()
        for begin, end in zip(starts, [*starts[1:], len(own)], strict=True):
            mine = own[begin:end, game]
            assert (mine == mine[0]).all()
            (team,) = set(seen[begin:end, game][~mine].tolist())
            assert (mine[0] == (seen[begin, game] != team)).all()
            assert len(set(chosen[begin:end, game][~mine].tolist())) == 1
            sides.add(team)
        assert sides == {0, 1}


def test_a_copy_that_still_plays_is_kept_until_its_game_ends():
    policy, environment = certain(1), Duel(1)
    past = Opponents(policy, environment.teams, [0], kept=1)
    past.take()
    change(policy, 2)
    collector = RolloutCollector(environment, past, 0, agents=4)
    collector.collect(1)
    past.take()
    change(policy, 0)
    batch = collector.collect(4)
    assert batch.is_first[:, 0, 0].tolist() == [False, False, True, False]
    for t, choice in enumerate([1, 1, 2, 2]):
        assert set(batch.action[t][~batch.own[t]].flatten().tolist()) == {choice}
    assert list(past.save_games()["weights"]) == [1]
    assert past.taken == 2


def test_copies_remember_their_own_game():
    """A policy against itself of the past, which has not changed, plays as it does against itself."""
    policy = certain(1)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.normal_()
    environment, batches = Duel(4), []
    for games in ([], [0, 1, 2, 3]):
        past = Opponents(policy, environment.teams, games, kept=1)
        past.take()
        collector = RolloutCollector(environment, past, 0, agents=4)
        first = torch.zeros(4, 4, 3) + torch.arange(4.0)[:, None, None]
        state, batch = past.initial_state(4, 4), []
        for t in range(5):
            flags = torch.full((4, 4), t == 0)
            step = past.act({"sees": first + t}, state, flags, deterministic=True)
            state = step.state
            batch.append((step.action, step.log_prob, state["actor"]))
        batches.append(batch)
        assert (~step.own).any() == bool(games)
        del collector
    assert_same(batches[1], batches[0])


def test_games_go_on_the_same_after_they_were_saved():
    policies = [certain(1) for _ in range(2)]
    collectors = []
    for policy in policies:
        past = Opponents(policy, Duel().teams, [0, 1], kept=2, seed=3)
        collectors.append(RolloutCollector(Duel(3), past, 0, agents=4))
    one, other = collectors
    for choice in (1, 2, 0):
        change(policies[0], choice)
        one.policy.take()
        one.collect(3)
    saved = one.state_dict(), one.policy.save_games()
    change(policies[1], 0)
    other.collect(1)
    other.load_state_dict(saved[0])
    other.policy.load_games(saved[1])
    for _ in range(3):
        assert_same(vars(other.collect(7)), vars(one.collect(7)))
    assert_same(other.policy.save_games(), one.policy.save_games())
