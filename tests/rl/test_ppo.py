"""PPO: its loss against the paper's formula in NumPy, its schedules and its stop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box

from framework.rl.batch import Batch
from framework.rl.budget import Budget
from framework.rl.on_policy.config import PolicyConfig, PPOConfig
from framework.rl.on_policy.model import make_policy
from framework.rl.on_policy.ppo import PPO
from framework.testing import check_algorithm, check_evaluator
from framework.testing.point_goal import PointGoal


def make(**config):
    torch.manual_seed(0)
    environment = PointGoal(4, horizon=(3, 5, 8, 13))
    policy = make_policy(environment, PolicyConfig(hidden=(8,)))
    return PPO(environment, policy, PPOConfig(**{"budget": Budget(env_steps=320), "steps": 20, **config}))


def random_batch(algorithm, n=40):
    """Transitions whose old probabilities differ from the policy's enough to be clipped both ways."""
    random = torch.Generator().manual_seed(0)
    spaces = algorithm.model.observation_space.spaces
    observation = {key: torch.randn(1, n, *space.shape, generator=random) for key, space in spaces.items()}
    action = torch.randn(1, n, *algorithm.model.action_space.shape, generator=random)
    judged = algorithm.model.evaluate(observation, action)
    noise = lambda scale: scale * torch.randn(1, n, generator=random)  # noqa: E731
    return Batch(
        observation=observation,
        action=action,
        reward=noise(1.0),
        terminated=torch.zeros(1, n, dtype=torch.bool),
        truncated=torch.zeros(1, n, dtype=torch.bool),
        is_first=torch.zeros(1, n, dtype=torch.bool),
        log_prob=judged.log_prob.detach() + noise(0.3),
        value=judged.value.detach() + noise(0.5),
        advantage=noise(2.0),
        target=noise(1.0),
    )


@pytest.mark.parametrize("clip_value", [None, 0.2])
@pytest.mark.parametrize("normalize_advantages", [True, False])
def test_the_loss_is_the_papers(clip_value, normalize_advantages):
    algorithm = make(
        clip=0.15,
        clip_value=clip_value,
        normalize_advantages=normalize_advantages,
        value_weight=0.7,
        entropy_weight=0.03,
    )
    batch = random_batch(algorithm)
    loss, parts = algorithm.loss(batch)

    judged = algorithm.model.evaluate(batch.observation, batch.action)
    new, value, entropy = (
        x.detach().double().numpy() for x in (judged.log_prob, judged.value, judged.entropy)
    )
    old, old_value, advantage, target = (
        getattr(batch, name).double().numpy() for name in ("log_prob", "value", "advantage", "target")
    )
    if normalize_advantages:
        advantage = (advantage - advantage.mean()) / advantage.std(ddof=1)
    ratio = np.exp(new - old)
    assert (ratio > 1.15).any()
    assert (ratio < 0.85).any()
    surrogate = np.where(
        advantage > 0,
        np.minimum(ratio, 1.15) * advantage,  # nothing is gained beyond the clip
        np.maximum(ratio, 0.85) * advantage,
    )
    error = (value - target) ** 2
    if clip_value is not None:
        near = np.clip(value, old_value - clip_value, old_value + clip_value)
        error = np.maximum(error, (near - target) ** 2)
    expected = -surrogate.mean() + 0.7 * error.mean() - 0.03 * entropy.mean()
    assert float(loss.detach()) == pytest.approx(expected, rel=1e-5)
    assert float(parts["clipped"]) == pytest.approx((np.abs(ratio - 1) > 0.15).mean())
    assert float(parts["kl"]) == pytest.approx((ratio - 1 - np.log(ratio)).mean(), rel=1e-4)


def test_rates_and_weights_run_on_straight_lines(framework_fit):
    algorithm = make(
        learning_rate=0.01, final_learning_rate=0.002, entropy_weight=0.4, final_entropy_weight=0.0
    )
    trainer = framework_fit(algorithm)
    (optimizer,) = trainer.optimizers
    # In the last of four cycles three quarters of the budget are used.
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.01 - 0.008 * 3 / 4)
    assert algorithm.scheduled(0.4, 0.0) == pytest.approx(0.1)
    assert algorithm.scheduled(0.4, 0.0, last=0.5) == pytest.approx(0.2)
    assert algorithm.scheduled(0.4, None) == 0.4


def test_a_policy_that_moves_too_far_stops_learning_from_what_it_has(framework_fit):
    far, near = make(learning_rate=0.1, target_kl=1e-3), make(learning_rate=0.1)
    for each in (far, near):
        framework_fit(each)
    assert near.counters.updates == 4 * 4 * 4
    assert 4 * 4 <= far.counters.updates < near.counters.updates


def test_gradients_are_scaled_down(framework_fit):
    norms = []

    class Watched(PPO):
        def on_before_optimizer_step(self, optimizer):
            super().on_before_optimizer_step(optimizer)
            norms.append(torch.cat([p.grad.flatten() for p in self.model.parameters()]).norm())

    free, held = make(max_gradient_norm=None), make(max_gradient_norm=0.01)
    for each in (free, held):
        each.__class__ = Watched
        norms.clear()
        framework_fit(each)
        assert bool(max(norms) <= 0.0101) is (each is held)


def test_rewards_are_scaled_by_their_discounted_sums(framework_fit):
    algorithm = make(normalize_rewards=True, gamma=0.9)
    batch, finished = algorithm.collect()
    kept = batch.reward.clone()
    algorithm.absorb((batch, finished))
    running, sums = np.zeros(4), []
    for reward, ended in zip(kept.numpy(), batch.ended.numpy(), strict=True):
        running = 0.9 * running + reward
        sums.append(running.copy())
        running[ended] = 0
    expected = (kept / np.std(sums)).clip(-10, 10)
    torch.testing.assert_close(algorithm.buffer.batch.reward, expected.float(), rtol=1e-4, atol=1e-6)


def test_a_policy_for_what_no_policy_takes_is_refused():
    from framework.errors import UserError

    environment = PointGoal(2)
    environment.single_action_space = Box(-np.inf, np.inf, (2,))
    make_policy(environment, PolicyConfig())  # a Gaussian takes it
    with pytest.raises(UserError, match=r"groups\.actor: unknown observation 'observatoin'"):
        make_policy(environment, PolicyConfig(groups={"actor": ("observatoin",)}))


CARTPOLE = {"use": "gymnasium/make", "id": "CartPole-v1", "num_envs": 2}
SHORT = {"use": "rl/ppo", "budget": {"env_steps": 80}, "steps": 8, "epochs": 2, "minibatches": 2}


@pytest.mark.parametrize(
    "more",
    [
        {"algorithm": {"overlap": True, "normalize_rewards": True}, "model": {"normalize": True}},
        {"algorithm": {"sequence_length": 4}, "model": {"memory": "gru", "units": 8}},
    ],
)
def test_a_resumed_training_goes_on_the_same(more):
    model = {"use": "rl/actor_critic", "hidden": [8], **more["model"]}
    check_algorithm({**SHORT, **more["algorithm"]}, environment=CARTPOLE, model=model)


def test_its_episodes_are_judged_by_their_returns():
    evaluator = {"use": "rl/mean_return", "episodes": 3, "every": 16, "monitor_episodes": 2}
    model = {"use": "rl/actor_critic", "hidden": [8], "memory": "lstm", "units": 8}
    check_evaluator(evaluator, environment=CARTPOLE, model=model, algorithm={**SHORT, "sequence_length": 8})
