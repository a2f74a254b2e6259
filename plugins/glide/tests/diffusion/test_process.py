from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from framework_glide.diffusion.process import Diffusion

PROCESSES = [
    Diffusion(schedule, 1000, respacing)
    for schedule in ("linear", "squaredcos_cap_v2")
    for respacing in ("", "fast27", "5")
]
processes = st.sampled_from(PROCESSES)


@settings(deadline=None)
@given(processes, st.data())
def test_the_posterior_is_bayes_rule(diffusion: Diffusion, data: st.DataObject) -> None:
    """q(x_{t-1} | x_t, x0) is proportional to q(x_t | x_{t-1}) q(x_{t-1} | x0)."""
    index = data.draw(st.integers(1, len(diffusion) - 1))
    x0, x = (data.draw(st.floats(-2, 2)) for _ in range(2))
    beta, before = diffusion.betas[index], diffusion.alphas_cumprod[index - 1]
    precision = (1 - beta) / beta + 1 / (1 - before)
    mean = (np.sqrt(1 - beta) * x / beta + np.sqrt(before) * x0 / (1 - before)) / precision
    found, log_variance = diffusion.q_posterior(
        torch.full((1, 1, 1, 1), x0), torch.full((1, 1, 1, 1), x), index
    )
    assert float(found) == pytest.approx(mean, rel=1e-4, abs=1e-5)
    assert float(log_variance.exp()) == pytest.approx(1 / precision, rel=1e-4)


@settings(deadline=None)
@given(processes, st.data())
def test_moments_of_noised_pictures(diffusion: Diffusion, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(diffusion) - 1))
    x0 = data.draw(st.floats(-1, 1))
    noise = torch.randn(1, 1, 100, 100, generator=torch.Generator().manual_seed(index))
    x = diffusion.q_sample(torch.full_like(noise, x0), torch.tensor([index]), noise)
    abar = diffusion.alphas_cumprod[index]
    assert float(x.mean()) == pytest.approx(abar**0.5 * x0, abs=0.05)
    assert float(x.var()) == pytest.approx(1 - abar, rel=0.08)


@settings(deadline=None)
@given(processes, st.data())
def test_eps_and_x0_say_the_same(diffusion: Diffusion, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(diffusion) - 1))
    x0, eps = torch.randn(2, 1, 3, 4, 4, generator=torch.Generator().manual_seed(index)).double()
    x = diffusion.q_sample(x0, index, eps)
    torch.testing.assert_close(diffusion.eps_from_x0(x0, x, index), eps, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(
        diffusion.x0_from_eps(eps, x, index) * diffusion.at("sqrt_alphas_cumprod", index),
        x0 * diffusion.at("sqrt_alphas_cumprod", index),
        atol=1e-5,
        rtol=1e-5,
    )


@settings(deadline=None)
@given(processes, st.data())
def test_learned_variance_is_between_its_bounds(diffusion: Diffusion, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(diffusion) - 1))
    ends = diffusion.log_variance(torch.tensor([-1.0, 0.0, 1.0]), index).tolist()
    low, high = diffusion.posterior_log_variance_clipped[index], np.log(diffusion.betas[index])
    assert ends == pytest.approx([low, (low + high) / 2, high], rel=1e-5)


@pytest.mark.parametrize("respacing", ["", "fast27", "5"])
def test_the_first_clipped_variance_is_that_of_the_second_step(respacing: str) -> None:
    """By equation 7 of Ho et al., from the schedule alone; of the first step it would be 0."""
    diffusion = Diffusion("linear", 1000, respacing)
    abar = np.cumprod(1 - np.linspace(1e-4, 0.02, 1000))[diffusion.timesteps]
    second = (1 - abar[1] / abar[0]) * (1 - abar[0]) / (1 - abar[1])
    assert diffusion.posterior_variance[0] == 0
    clipped = np.exp(diffusion.posterior_log_variance_clipped)
    assert clipped[0] == pytest.approx(second, rel=1e-9)
    assert clipped[1:] == pytest.approx(diffusion.posterior_variance[1:], rel=1e-9)
    assert float(diffusion.log_variance(torch.tensor(-1.0), 0)) == pytest.approx(np.log(second), rel=1e-6)


def test_without_a_learned_variance_it_is_the_posteriors() -> None:
    diffusion, x = Diffusion(), torch.zeros(2, 3, 4, 4)
    found = diffusion.prediction(torch.zeros_like(x), x, torch.tensor([3, 700])).log_variance
    expected = torch.tensor(diffusion.posterior_log_variance_clipped[[3, 700]], dtype=torch.float32)
    assert torch.equal(found, expected.reshape(2, 1, 1, 1).expand(2, 3, 4, 4))
    assert diffusion.prediction(torch.zeros_like(x), x, 3).log_variance.shape == x.shape


def test_a_process_of_one_step() -> None:
    diffusion = Diffusion("squaredcos_cap_v2", 1000, "1")
    assert diffusion.timesteps == [0]
    # There is no second step: the variance of the only one is all there is.
    assert diffusion.posterior_log_variance_clipped == pytest.approx(np.log(diffusion.betas))


@pytest.mark.parametrize("index", [0, torch.tensor([0, 0])])
def test_the_last_step_ends_in_x0_exactly(index: int | torch.Tensor) -> None:
    for diffusion in PROCESSES:
        x = torch.randn(2, 3, 4, 4)
        prediction = diffusion.prediction(torch.randn(2, 6, 4, 4), x, index)
        assert torch.equal(prediction.mean, prediction.x0)
