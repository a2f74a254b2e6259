"""One update of each learner against the papers' equations, by autograd and optimisers of the test's own."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch.nn.functional import logsigmoid

from framework.errors import UserError
from framework.rl.budget import Budget
from framework.rl.off_policy import config as configs
from framework.rl.off_policy.ddpg import DDPG
from framework.rl.off_policy.learner import Transitions
from framework.rl.off_policy.model import ActorQ
from framework.rl.off_policy.sac import SAC
from framework.rl.off_policy.td3 import TD3
from framework.rl.off_policy.tqc import TQC
from framework.testing.point_goal import PointGoal

N, RATE = 16, 0.01


def make(kind, model=None, **parameters):
    torch.manual_seed(0)
    environment = PointGoal(2)
    config = getattr(configs, f"{kind.__name__}Config")
    policy = ActorQ(environment, configs.ActorQConfig(hidden=(8, 8), **(model or {})))
    budget = {"budget": Budget(env_steps=10_000), "learning_rate": RATE, "tau": 0.1, "discount": 0.9}
    algorithm = kind(environment, policy, config(**{**budget, **parameters})).double()
    with torch.no_grad():
        for parameter in algorithm.target.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return algorithm


def batch():
    random = torch.Generator().manual_seed(1)
    draw = lambda *shape: torch.randn(*shape, generator=random, dtype=torch.double)  # noqa: E731
    discount = 0.9 * (torch.rand(N, 1, generator=random, dtype=torch.double) > 0.3)
    return Transitions(draw(N, 6), draw(N, 6), draw(N, 2).tanh(), draw(N, 1), discount)


def update(algorithm, number=0):
    """One update of ours, and what was before."""
    before = copy.deepcopy((algorithm.model, algorithm.target, dict(algorithm.own)))
    optimizers = algorithm.learner.optimizers()
    drawn = []

    def noise(like):
        drawn.append(
            torch.randn(like.shape, dtype=torch.double, generator=torch.Generator().manual_seed(len(drawn)))
        )
        return drawn[-1].clone()

    def step(loss, parameters, gradients, which):
        for parameter in algorithm.parameters():
            parameter.grad = None
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient.clone()
        optimizers[which].step()

    algorithm.learner.noise = noise
    told = algorithm.learner.update(batch(), number, step)
    return before, told, drawn


def stepped(module, loss):
    """A module after a step of Adam on a loss."""
    parameters = list(module.parameters()) if hasattr(module, "parameters") else [module]
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
        parameter.grad = gradient
    optimizer.step()


def same(found, expected):
    for one, other in zip(found.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(one, other)


def followed(found, old, new):
    for one, before, now in zip(found.parameters(), old.parameters(), new.parameters(), strict=True):
        torch.testing.assert_close(one, 0.1 * now + 0.9 * before)


def forward(critic, inputs, action):
    """Each member on its own, `(critics, n, quantiles)`."""
    x = torch.cat([inputs, action], 1)
    layers = [layer for layer in critic if hasattr(layer, "weight")]
    answers = []
    for member in range(len(layers[0].weight)):
        h = x
        for i, layer in enumerate(layers):
            h = h @ layer.weight[member].T + layer.bias[member]
            h = h if i == len(layers) - 1 else h.relu()
        answers.append(h)
    return torch.stack(answers)


def squashed(actor, inputs, noise):
    """Action and log-probability, by the change of variables."""
    mean, log_std = actor(inputs).chunk(2, -1)
    std = log_std.clamp(-20, 2).exp()
    u = mean + std * noise
    density = torch.distributions.Normal(mean, std).log_prob(u)
    slope = np.log(4) + logsigmoid(2 * u) + logsigmoid(-2 * u)  # log of 1 - tanh²
    return u.tanh(), (density - slope).sum(1, keepdim=True)


def test_ddpg():
    algorithm = make(DDPG, action_l2=0.3)
    (model, target, _), told, _ = update(algorithm)
    b = batch()
    q = lambda model, inputs, action: model.critic(torch.cat([inputs, action], 1))  # noqa: E731
    y = (b.reward + b.discount * q(target, b.next_inputs, target.actor(b.next_inputs).tanh())).detach()
    critic = (q(model, b.inputs, b.action) - y).square().mean()
    action = model.actor(b.inputs).tanh()
    actor = -q(model, b.inputs, action).mean() + 0.3 * action.square().mean()
    assert told["loss/critic"].item() == pytest.approx(critic.item())
    assert told["loss/actor"].item() == pytest.approx(actor.item())
    gradients = torch.autograd.grad(actor, list(model.actor.parameters()), retain_graph=True)
    stepped(model.critic, critic)
    for parameter, gradient in zip(model.actor.parameters(), gradients, strict=True):
        parameter.grad = gradient
    torch.optim.Adam(model.actor.parameters(), lr=RATE).step()
    for part in ("actor", "critic"):
        same(getattr(algorithm.model, part), getattr(model, part))
        followed(getattr(algorithm.target, part), getattr(target, part), getattr(model, part))


@pytest.mark.parametrize("number", [0, 1])
def test_td3(number):
    algorithm = make(TD3, target_noise=0.4, target_noise_clip=0.3, policy_delay=2)
    (model, target, _), told, (noise,) = update(algorithm, number)
    b = batch()
    action = (target.actor(b.next_inputs).tanh() + (0.4 * noise).clamp(-0.3, 0.3)).clamp(-1, 1)
    y = (b.reward + b.discount * forward(target.critic, b.next_inputs, action).min(0).values).detach()
    critic = sum((q - y).square().mean() for q in forward(model.critic, b.inputs, b.action))
    assert told["loss/critic"].item() == pytest.approx(critic.item())
    stepped(model.critic, critic)
    if number == 0:
        actor = -forward(model.critic, b.inputs, model.actor(b.inputs).tanh())[0].mean()
        assert told["loss/actor"].item() == pytest.approx(actor.item())
        stepped(model.actor, actor)
    for part in ("actor", "critic"):
        same(getattr(algorithm.model, part), getattr(model, part))
        if number == 0:
            followed(getattr(algorithm.target, part), getattr(target, part), getattr(model, part))
        else:
            same(getattr(algorithm.target, part), getattr(target, part))


def _soft(kind, model_parameters, expected, loss, worth, **parameters):
    algorithm = make(kind, model_parameters, temperature=0.2, **parameters)
    (model, target, own), told, noises = update(algorithm)
    b = batch()
    action, log_prob = squashed(model.actor, b.next_inputs, noises[0])
    next_value = expected(forward(target.critic, b.next_inputs, action))
    y = (b.reward + b.discount * (next_value - 0.2 * log_prob)).detach()
    critic = loss(forward(model.critic, b.inputs, b.action), y)
    assert told["loss/critic"].item() == pytest.approx(critic.item())
    stepped(model.critic, critic)
    action, log_prob = squashed(model.actor, b.inputs, noises[1])
    actor = (0.2 * log_prob - worth(forward(model.critic, b.inputs, action))).mean()
    assert told["loss/actor"].item() == pytest.approx(actor.item())
    stepped(model.actor, actor)
    log_temperature = own["log_temperature"]
    stepped(log_temperature, -log_temperature * (log_prob.detach() - 2).mean())
    for part in ("actor", "critic"):
        same(getattr(algorithm.model, part), getattr(model, part))
    followed(algorithm.target.critic, target.critic, model.critic)
    torch.testing.assert_close(algorithm.own["log_temperature"], log_temperature)


def test_sac():
    least = lambda q: q.min(0).values  # noqa: E731
    _soft(SAC, {}, least, lambda q, y: sum((each - y).square().mean() for each in q), least)


def test_tqc():
    """Three critics of four quantiles, of which the largest of all are left out of the targets."""

    def expected(z):
        return z.permute(1, 0, 2).flatten(1).sort(1).values[:, : 3 * (4 - 1)]

    def loss(z, y):
        total = 0
        for each in z:
            for i in range(4):
                error = y - each[:, i : i + 1]
                huber = torch.where(error.abs() > 1, error.abs() - 0.5, error.square() / 2)
                total = total + ((i + 0.5) / 4 - (error < 0).double()).abs().mul(huber).mean()
        return total / 12

    worth = lambda z: z.mean((0, 2))[:, None]  # noqa: E731
    _soft(TQC, {"critics": 3, "quantiles": 4}, expected, loss, worth, drop=1)


@pytest.mark.parametrize("kind", [DDPG, TD3])
def test_targets_are_clipped_if_that_is_asked_for(kind):
    targets = make(kind, clip_targets=True).learner.targets(batch())
    assert targets.min() >= -10 and targets.max() == 0
    assert make(kind).learner.targets(batch()).max() > 0


def test_more_is_left_out_than_there_is():
    with pytest.raises(UserError, match="drop: of 4 quantiles 4 cannot"):
        make(TQC, {"quantiles": 4}, drop=4)


def test_random_steps_have_to_leave_some_for_learning():
    with pytest.raises(UserError, match="random_steps: 10000 leave nothing"):
        make(SAC, random_steps=10_000)
