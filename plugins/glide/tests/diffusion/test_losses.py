from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Normal

from framework_glide.diffusion import losses
from framework_glide.diffusion.likelihood import discretized_log_likelihood, normal_kl
from framework_glide.diffusion.process import Diffusion

DIFFUSION = Diffusion()


@settings(deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4))
def test_divergence_of_gaussians(values: list[float]) -> None:
    mean, log_variance, other, other_log_variance = (torch.tensor(v, dtype=torch.float64) for v in values)
    one, two = Normal(mean, (log_variance / 2).exp()), Normal(other, (other_log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(one, two)
    torch.testing.assert_close(normal_kl(mean, log_variance, other, other_log_variance), expected)


def test_the_likelihoods_of_all_levels_sum_to_one() -> None:
    levels = (torch.arange(256) / 127.5 - 1).double()
    for mean, log_scale in ((0.0, -1.0), (0.7, -3.0), (-1.2, 0.0)):
        means, scales = torch.full_like(levels, mean), torch.full_like(levels, log_scale)
        total = discretized_log_likelihood(levels, means, scales).exp().sum()
        assert float(total) == pytest.approx(1, abs=1e-6)


def test_only_the_variance_learns_from_the_bound() -> None:
    x0, noise = torch.rand(4, 3, 8, 8) * 2 - 1, torch.randn(4, 3, 8, 8)
    index = torch.tensor([0, 3, 500, 999])
    x = DIFFUSION.q_sample(x0, index, noise)
    output = torch.randn(4, 6, 8, 8, requires_grad=True)
    found = losses.hybrid(DIFFUSION, output, x0, x, index, noise)
    (whole,) = torch.autograd.grad(found.loss.sum(), output, retain_graph=True)
    (simple,) = torch.autograd.grad(losses.mse(output, noise).sum(), output)
    torch.testing.assert_close(whole[:, :3], simple[:, :3])
    (bound,) = torch.autograd.grad(losses.vb(DIFFUSION, output, x0, x, index).sum(), output)
    torch.testing.assert_close(whole[:, 3:], bound[:, 3:])
    assert bound[:, :3].abs().amax((1, 2, 3)).min() > 0


def test_a_picture_s_loss_does_not_depend_on_its_batch() -> None:
    x0, noise, index = torch.rand(3, 3, 4, 4), torch.randn(3, 3, 4, 4), torch.tensor([0, 1, 700])
    x, output = DIFFUSION.q_sample(x0, index, noise), torch.randn(3, 6, 4, 4)
    together = losses.vb(DIFFUSION, output, x0, x, index)
    for row in range(3):
        part = slice(row, row + 1)
        alone = losses.vb(DIFFUSION, output[part], x0[part], x[part], index[part])
        torch.testing.assert_close(alone, together[part])


def test_the_best_variance_of_gaussian_data_has_the_smallest_bound(gaussian) -> None:
    """Between two steps of known data the variance is known: no v may have a smaller bound."""
    diffusion = Diffusion(respacing="10")
    data = gaussian(diffusion)
    generator = torch.Generator().manual_seed(0)
    x0 = data.mean + data.deviation * torch.randn(64, 3, 32, 32, generator=generator)
    index = torch.full((64,), 5)
    x = diffusion.q_sample(x0, index, torch.randn(x0.shape, generator=generator))
    eps = data.network(x, diffusion.original(index, 64))
    abar, before, beta = (
        float(getattr(diffusion, name)[5]) for name in ("alphas_cumprod", "alphas_cumprod_prev", "betas")
    )
    spread, spread_before = (level * data.deviation**2 + 1 - level for level in (abar, before))
    exact = math.log(beta * spread_before / spread)
    low = float(diffusion.posterior_log_variance_clipped[5])
    best = 2 * (exact - low) / (math.log(beta) - low) - 1

    def bound(v: float) -> float:
        output = torch.cat([eps, torch.full_like(eps, v)], dim=1)
        return float(losses.vb(diffusion, output, x0, x, index).mean())

    assert -1 < best < 1
    assert bound(best) < min(bound(best - 0.2), bound(best + 0.2))


def test_min_snr_weights() -> None:
    index = torch.arange(1000)
    weights = losses.min_snr_weights(DIFFUSION, index, gamma=5.0)
    snr = torch.tensor(DIFFUSION.alphas_cumprod / (1 - DIFFUSION.alphas_cumprod), dtype=torch.float32)
    torch.testing.assert_close(weights * snr, snr.clamp(max=5), rtol=1e-5, atol=0)
    assert weights.shape == (1000,) and float(weights.max()) <= 1
