from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import distributions as oracle

from framework.rl.heads import Gaussian, Head, SquashedGaussian
from tests.rl.spaces import ACTIONS

DRAWS = 40_000


def generator():
    return torch.Generator().manual_seed(0)


def features(count=1):
    return torch.randn(count, 6, generator=generator())


def make(space, **options):
    torch.manual_seed(0)
    return Head(6, ACTIONS[space], gain=1.0, **options)


def test_gaussian():
    mean, std = torch.randn(4, 3, generator=generator()), torch.tensor([0.1, 1.0, 3.0]).expand(4, 3)
    ours, theirs = Gaussian(mean, std), oracle.Normal(mean, std)
    action, log_prob = ours.draw(generator())
    torch.testing.assert_close(log_prob, theirs.log_prob(action))
    torch.testing.assert_close(ours.log_prob(action), theirs.log_prob(action))
    torch.testing.assert_close(ours.entropy(), theirs.entropy())
    assert torch.equal(ours.mode, mean)


def test_squashed_gaussian():
    mean = torch.tensor([[0.3, -1.0], [0.0, 2.0]], dtype=torch.float64).expand(DRAWS, 2, 2)
    std = torch.tensor([0.2, 1.5], dtype=torch.float64).expand_as(mean)
    ours = SquashedGaussian(mean, std)
    theirs = oracle.TransformedDistribution(oracle.Normal(mean, std), oracle.TanhTransform(cache_size=1))
    action, log_prob = ours.draw(generator())
    inside = action.abs() < 1 - 1e-6
    torch.testing.assert_close(log_prob[inside], theirs.log_prob(action)[inside])
    torch.testing.assert_close(ours.log_prob(action)[inside], theirs.log_prob(action)[inside])
    torch.testing.assert_close(ours.entropy()[0], -log_prob.mean(0), atol=0.03, rtol=0)
    assert torch.equal(ours.mode, mean.tanh())


def test_a_squashed_gaussian_far_out_stays_finite_and_passes_gradients():
    mean = torch.tensor([[40.0, -40.0]], requires_grad=True)
    ours = SquashedGaussian(mean, torch.ones(1, 2))
    action, log_prob = ours.draw(generator())
    assert action.abs().tolist() == [[1, 1]]
    log_prob.sum().backward()
    assert mean.grad.tolist() == [[2, -2]]  # the density grows where the slope of tanh falls
    assert ours.log_prob(action).isfinite().all()


@pytest.mark.parametrize("space", ["discrete", "multi_discrete", "multi_discrete_2d", "multi_binary"])
def test_choices(space):
    head, x = make(space), features()
    counts = {
        "discrete": [4],
        "multi_discrete": [11, 11, 2],
        "multi_discrete_2d": [2, 3, 4, 5],
        "multi_binary": [2] * 4,
    }[space]
    theirs = [oracle.Categorical(logits=logits) for logits in head.linear(x).split(counts, -1)]
    ours = head(x.expand(DRAWS, 6))
    action, log_prob = ours.sample(generator())
    flat = action.reshape(DRAWS, -1)
    expected = sum(each.log_prob(one) for each, one in zip(theirs, flat.unbind(-1), strict=True))
    torch.testing.assert_close(log_prob, expected)
    torch.testing.assert_close(ours.log_prob(action), expected)
    torch.testing.assert_close(ours.entropy()[:1], sum(each.entropy() for each in theirs))
    assert ours.mode()[0].reshape(-1).tolist() == [int(each.probs.argmax()) for each in theirs]
    for each, one in zip(theirs, flat.unbind(-1), strict=True):
        shares = one.bincount(minlength=each.probs.shape[-1]) / DRAWS
        torch.testing.assert_close(shares, each.probs[0], atol=0.01, rtol=0)


def test_bits_are_bernoulli():
    head, x = make("multi_binary"), features(5)
    zero, one = head.linear(x).reshape(5, 4, 2).unbind(-1)
    theirs = oracle.Independent(oracle.Bernoulli(logits=(one - zero).reshape(5, 2, 2)), 2)
    ours = head(x)
    action, log_prob = ours.sample(generator())
    torch.testing.assert_close(log_prob, theirs.log_prob(action.float()))
    torch.testing.assert_close(ours.entropy(), theirs.entropy())


def test_several_parts_are_summed_and_keep_their_names():
    both = make("dict")(features(3))
    action, log_prob = both.sample(generator())
    flat = [action["move"], action["grip"]["close"][:, None], action["grip"]["fingers"]]
    expected = sum(part.log_prob(x).sum(-1) for part, x in zip(both.parts, flat, strict=True))
    torch.testing.assert_close(log_prob, expected)
    torch.testing.assert_close(both.log_prob(action), expected)
    torch.testing.assert_close(both.entropy(), sum(part.entropy().sum(-1) for part in both.parts))
    assert {name: tuple(one.shape) for name, one in action["grip"].items()} == {
        "close": (3,),
        "fingers": (3, 3),
    }


@pytest.mark.parametrize("state_std", [False, True])
def test_the_standard_deviation_starts_as_asked(state_std):
    head = make("float64", std=0.25, state_std=state_std)
    with torch.no_grad():
        head.linear.weight.zero_()
    drawn, _ = head(features(DRAWS)).sample(generator())
    np.testing.assert_allclose(drawn.std(0).detach(), np.full((2, 2), 0.25), atol=0.01)


def test_a_deterministic_head_passes_gradients_and_has_no_density():
    head = make("float64", kind="deterministic")
    action, log_prob = head(features(2)).sample()
    action.sum().backward()
    assert head.linear.weight.grad.abs().sum() > 0
    assert log_prob.tolist() == [0, 0]
