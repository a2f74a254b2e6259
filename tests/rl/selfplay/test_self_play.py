"""Learning by self-play: what is learnt from, what is not, and that a resumed training goes on the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from framework.errors import UserError
from framework.rl.budget import Budget
from framework.rl.on_policy.config import PolicyConfig
from framework.rl.on_policy.model import make_policy
from framework.rl.selfplay.config import SelfPlayConfig
from framework.rl.selfplay.policies import TeamPolicies
from framework.rl.selfplay.ppo import SelfPlay
from framework.testing.equality import assert_same
from framework.testing.point_goal import PointGoal
from tests.rl.test_cycle import Cut
from tests.rl.worlds import Duel


def make(separate=False, memory="gru", **config):
    torch.manual_seed(0)
    environment = Duel(4)
    options = PolicyConfig(hidden=(16,), memory=memory, units=8)
    policies = [make_policy(environment, options) for _ in range(2)]
    policy = TeamPolicies(dict(zip(environment.teams, policies, strict=True)), environment.teams)
    given = {"budget": Budget(env_steps=320), "steps": 10, "sequence_length": 5, "past_share": 0.5}
    given |= {"past_every": 60, "past_kept": 2, **config}
    return SelfPlay(environment, policy if separate else policies[0], SelfPlayConfig(**given))


@pytest.mark.parametrize("separate", [False, True])
def test_each_team_learns_what_it_earns_by(framework_fit, separate):
    algorithm = make(
        separate,
        None,
        sequence_length=1,
        budget=Budget(env_steps=1500),
        steps=25,
        learning_rate=0.03,
        epochs=2,
    )
    framework_fit(algorithm)
    player, environment = algorithm.player(), Duel(4)
    observation, _ = environment.reset()
    environment.step(player(observation))
    chosen = player(environment.observe())[..., 0]
    assert (chosen == [2, 0, 2, 0]).all()


def test_nothing_is_learnt_from_what_the_past_did_or_what_had_no_effect():
    algorithm = make(past_every=1, normalize_advantages=True, entropy_weight=0.1, clip_value=0.1)
    algorithm.past[0].take()
    batch, _ = algorithm.collect()
    algorithm.absorb((batch, []))
    held = algorithm.buffer.batch
    assert 0 < (~held.own).sum() < held.own.numel()
    assert 0 < (~held.can_act).sum() < held.can_act.numel()
    odds = held.observation["sees"][..., 1] == 1
    assert torch.equal(~held.can_act, odds & (held.observation["sees"][..., 2] == 0))

    (whole,) = algorithm.buffer.minibatches(1)
    loss, parts = algorithm.loss(whole)
    judged = algorithm.model.evaluate(whole.observation, whole.action, whole.state_in, whole.is_first)
    own, chosen = (x.numpy() for x in (whole.own, whole.own & whole.can_act))
    log_prob, value, entropy, old, old_value, advantage, target = (
        x.detach().double().numpy()
        for x in (
            *(judged.log_prob, judged.value, judged.entropy),
            *(whole.log_prob, whole.value, whole.advantage, whole.target),
        )
    )
    scaled = (advantage[chosen] - advantage[chosen].mean()) / advantage[chosen].std(ddof=1)
    ratio = np.exp(log_prob - old)[chosen]
    policy = -np.minimum(ratio * scaled, np.clip(ratio, 0.8, 1.2) * scaled).mean()
    near = old_value + np.clip(value - old_value, -0.1, 0.1)
    error = np.maximum((value - target) ** 2, (near - target) ** 2)[own].mean()
    assert float(parts["policy"]) == pytest.approx(policy, abs=1e-5)
    assert float(parts["value"]) == pytest.approx(error, rel=1e-4)
    expected = policy + 0.5 * error - 0.1 * entropy[chosen].mean()
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-4)


def test_where_nobody_could_act_only_values_are_learnt():
    algorithm = make(past_share=0.0)
    batch, _ = algorithm.collect()
    batch = type(batch)(**{**vars(batch), "can_act": torch.zeros_like(batch.is_first)})
    algorithm.absorb((batch, []))
    (whole,) = algorithm.buffer.minibatches(1)
    loss, parts = algorithm.loss(whole)
    assert parts["policy"] == parts["entropy"] == 0
    torch.testing.assert_close(loss, 0.5 * parts["value"])


@pytest.mark.parametrize("normalized", [False, True])
def test_values_are_foreseen_in_units_of_their_own(normalized):
    algorithm = make(past_share=0.0, normalize_values=normalized, gamma=0.9, lam=1.0)
    if normalized:
        algorithm.values.update(torch.tensor([[10.0], [14.0]]))  # mean 12, deviation 2
    batch, _ = algorithm.collect()
    algorithm.absorb((batch, []))
    held = algorithm.buffer.batch
    value, after = batch.value, batch.next_value
    if normalized:
        value, after = 12 + 2 * value, 12 + 2 * after
    # Returns by hand, from the end of each episode, or of the fragment, backwards.
    target, sums = after[-1], []
    for t in reversed(range(len(value))):
        target = batch.reward[t] + 0.9 * torch.where(batch.cut[t], after[t], target)
        sums.append(target)
    expected = torch.stack(sums[::-1])
    torch.testing.assert_close(held.advantage, expected - value, rtol=1e-4, atol=1e-4)
    if not normalized:
        torch.testing.assert_close(held.target, expected, rtol=1e-4, atol=1e-4)
        return
    mean, std = algorithm.values.mean, algorithm.values.std
    assert mean != 12
    torch.testing.assert_close(held.target, (expected - mean) / std, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(held.value, (value - mean) / std, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("separate", "overlap"), [(False, False), (True, True)])
def test_a_training_cut_in_the_middle_of_games_goes_on_the_same(framework_fit, tmp_path, separate, overlap):
    more = {"normalize_values": True, "normalize_rewards": True, "overlap": overlap}
    whole, resumed = (make(separate, **more) for _ in range(2))
    framework_fit(whole, callbacks=[Cut(tmp_path / "cut.ckpt", 5, "end")])
    games = torch.load(tmp_path / "cut.ckpt", weights_only=False)["apart"][0]["past"]
    assert len(games["weights"]) >= 2
    assert (games["who"] >= 0).any()
    framework_fit(resumed, resume=tmp_path / "cut.ckpt")
    assert resumed.counters.cycles == whole.counters.cycles == 8
    assert_same(resumed.state_dict(), whole.state_dict())
    assert_same(resumed.cycle_state(), whole.cycle_state())


def test_without_a_share_of_the_past_everybody_is_the_present():
    algorithm = make(past_share=0.0)
    batch, _ = algorithm.collect()
    assert batch.own is None


def test_returns_are_told_by_team(framework_fit):
    algorithm = make()
    framework_fit(algorithm)
    found = algorithm.absorb((algorithm.collect()[0], [(np.array([1.0, -2, 3, -4]), 5)]))
    assert (found["train/return/evens"], found["train/return/odds"]) == (2, -3)
    # The mean of all, which is 0 in a zero-sum game, is neither logged nor shown.
    assert "train/return" not in found
    assert algorithm.shown == ("episodes", "train/return/evens", "train/return/odds")


def test_an_environment_without_teams_is_refused():
    environment = PointGoal(2)
    with pytest.raises(UserError, match="PointGoal has no two teams"):
        SelfPlay(
            environment,
            make_policy(environment, PolicyConfig()),
            SelfPlayConfig(budget=Budget(env_steps=100), past_share=0.5),
        )
