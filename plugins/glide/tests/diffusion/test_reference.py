"""Every tensor of the published implementation that concerns diffusion.

Rounding: a float32 result is compared within a few units in the last place of its largest part.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor

from framework_glide.diffusion import guidance, likelihood, losses
from framework_glide.diffusion.bits import bits_per_dimension, prior_bits
from framework_glide.diffusion.noise import ImageNoise, RecordedNoise
from framework_glide.diffusion.process import Diffusion
from framework_glide.diffusion.respacing import timesteps
from framework_glide.diffusion.samplers import Ddim, Ddpm, ddim, ddpm
from framework_glide.diffusion.sampling import sample
from framework_glide.diffusion.schedule import SCHEDULES

close = partial(torch.testing.assert_close, atol=1e-6, rtol=1e-6)
schedules = pytest.mark.parametrize("schedule", ["linear", "squaredcos_cap_v2"])
respacings = pytest.mark.parametrize("respacing", ["1000", "100", "fast27"])


@schedules
@pytest.mark.parametrize("steps", [1000, 250, 50, 10])
def test_betas(tensors, schedule: str, steps: int) -> None:
    assert np.array_equal(SCHEDULES[schedule](steps), tensors("betas", schedule, steps, "betas").numpy())


@schedules
@pytest.mark.parametrize(
    "name",
    [
        "alphas_cumprod",
        "posterior_variance",
        "posterior_log_variance_clipped",
        "posterior_mean_coef1",
        "posterior_mean_coef2",
        "sqrt_recip_alphas_cumprod",
        "sqrt_recipm1_alphas_cumprod",
    ],
)
def test_coefficients(tensors, schedule: str, name: str) -> None:
    expected = tensors("derived", schedule, 1000, name).numpy()
    np.testing.assert_allclose(getattr(Diffusion(schedule), name), expected, rtol=1e-12, atol=1e-15)


def test_respaced_timesteps(tensors) -> None:
    keys = tensors.keys("respace", "/timesteps")
    assert len(keys) == 20
    for key in keys:
        process, respacing, _ = key.split("/")
        steps = 300 if process == "respace_300" else 1000
        assert timesteps(steps, respacing) == tensors(key).tolist(), key


@schedules
def test_respaced_betas(tensors, schedule: str) -> None:
    for key in tensors.keys("respace/", f"/{schedule}/betas"):
        found = Diffusion(schedule, 1000, key.split("/")[1]).betas
        np.testing.assert_allclose(found, tensors(key).numpy(), rtol=1e-12, err_msg=key)


@schedules
@respacings
def test_forward_process(tensors, schedule: str, respacing: str) -> None:
    diffusion = Diffusion(schedule, 1000, respacing)
    expected = partial(tensors, "steps", schedule, respacing)
    index, x0, noise = expected("t"), tensors("inputs/x0"), tensors("inputs/noise")
    assert torch.equal(diffusion.original(index, 5), expected("t_original"))
    x = diffusion.q_sample(x0, index, noise)
    close(x, expected("q_sample"), atol=0, rtol=0)
    mean, log_variance = diffusion.q_posterior(x0, x, index)
    close(mean, expected("q_posterior_mean"))
    close(log_variance.flatten(), expected("q_posterior_log_variance"))
    variance = diffusion.at("sqrt_one_minus_alphas_cumprod", index)
    close(variance.flatten() ** 2, expected("q_variance"))


@schedules
@respacings
def test_predictions(tensors, toy, schedule: str, respacing: str) -> None:
    diffusion = Diffusion(schedule, 1000, respacing)
    expected = partial(tensors, "steps", schedule, respacing)
    index, x = expected("t"), tensors("inputs/x_t")
    output = toy.network(x, diffusion.original(index, 5))
    for clip in (0, 1):
        found = diffusion.prediction(output, x, index, clip=bool(clip))
        close(found.mean, expected(f"p_mean_variance_clip{clip}", "mean"))
        close(found.log_variance, expected(f"p_mean_variance_clip{clip}", "log_variance"))
        close(found.x0, expected(f"p_mean_variance_clip{clip}", "pred_xstart"))
    found = diffusion.prediction(output, x, index, denoised=lambda x0: x0 * 0.5)
    close(found.mean, expected("p_mean_variance_denoised_half/mean"))
    close(found.x0, expected("p_mean_variance_denoised_half/pred_xstart"))


@schedules
@respacings
def test_one_step(tensors, toy, schedule: str, respacing: str) -> None:
    diffusion = Diffusion(schedule, 1000, respacing)
    expected = partial(tensors, "steps", schedule, respacing)
    index, x = expected("t"), tensors("inputs/x_t")
    original = diffusion.original(index, 5)
    free = diffusion.prediction(toy.network(x, original), x, index)
    gradient = toy.gradient(x, original)
    pulled = diffusion.shifted(free, x, index, gradient)

    found = ddpm.step(free, index, expected("p_sample_nocond/noise"))
    close(found, expected("p_sample_nocond/sample"))
    found = ddpm.step(free, index, expected("p_sample_cond/noise"), gradient)
    close(found, expected("p_sample_cond/sample"))
    for eta in ("0", "0.5", "1"):
        for name, prediction in (("nocond", free), ("cond", pulled)):
            key = f"ddim_{name}_eta{eta}"
            found = ddim.step(diffusion, prediction, index, expected(key, "noise"), float(eta))
            close(found, expected(key, "sample"))
            close(prediction.x0, expected(key, "pred_xstart"))
    close(ddim.reverse_step(diffusion, free, index), expected("ddim_reverse/sample"))


@schedules
@respacings
def test_a_step_of_the_whole_batch(tensors, toy, schedule: str, respacing: str) -> None:
    """An int for the index gives what a tensor of equal ones does."""
    diffusion = Diffusion(schedule, 1000, respacing)
    x, noise = tensors("inputs/x_t"), tensors("inputs/noise")
    for index in tensors("steps", schedule, respacing, "t").tolist():
        results = []
        for level in (index, torch.full((5,), index)):
            original = diffusion.original(level, 5)
            free = diffusion.prediction(toy.network(x, original), x, level)
            pulled = diffusion.shifted(free, x, level, toy.gradient(x, original))
            steps = [ddim.step(diffusion, pulled, level, noise, eta) for eta in (0, 0.5, 1)]
            results.append([ddpm.step(free, level, noise), diffusion.q_sample(x, level, noise), *steps])
        for one, other in zip(*results, strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("process", ["squaredcos_cap_v2/50", "linear/fast27"])
def test_loops(tensors, toy, process: str) -> None:
    schedule, respacing = process.split("/")
    diffusion = Diffusion(schedule, 1000, respacing)
    start, shape = tensors("inputs/x_t"), (5, 3, 8, 8)
    noise = RecordedNoise([start, *tensors("loops", process, "ddpm_noise")])
    found = sample(diffusion, Ddpm(), toy.network, noise, shape)
    close(found, tensors("loops", process, "ddpm"))
    found = sample(diffusion, Ddim(), toy.network, ImageNoise(range(5)), shape, start=start)
    close(found, tensors("loops", process, "ddim"), atol=5e-6)


@schedules
@pytest.mark.parametrize("respacing", ["1000", "100"])
def test_losses(tensors, toy, schedule: str, respacing: str) -> None:
    diffusion = Diffusion(schedule, 1000, respacing)
    x0, noise = tensors("inputs/x0"), tensors("inputs/noise")
    expected = partial(tensors, "loss", schedule, respacing)

    def noised(index: Tensor) -> tuple[Tensor, Tensor]:
        x = diffusion.q_sample(x0, index, noise)
        return x, toy.network(x, diffusion.original(index, 5))

    for name in ("mse", "rescaled_mse"):
        index = expected(name, "t")
        x, output = noised(index)
        found = losses.hybrid(diffusion, output, x0, x, index, noise, rescaled=name == "rescaled_mse")
        for part, value in found._asdict().items():
            close(value, expected(name, part))
    for name in ("kl", "rescaled_kl"):
        index = expected(name, "t")
        x, output = noised(index)
        found = losses.kl(diffusion, output, x0, x, index, rescaled=name == "rescaled_kl")
        close(found, expected(name, "loss"), rtol=4e-6)
    close(prior_bits(diffusion, x0), expected("prior_bpd"), atol=1e-12)


def test_gradient_of_the_hybrid_loss(tensors) -> None:
    expected = partial(tensors, "hybrid_grad/squaredcos_cap_v2/1000")
    diffusion, index = Diffusion("squaredcos_cap_v2"), expected("t")
    x0, noise = tensors("inputs/x0"), tensors("inputs/noise")
    output = expected("model_output").clone().requires_grad_()
    x = diffusion.q_sample(x0, index, noise)
    loss = losses.hybrid(diffusion, output, x0, x, index, noise).loss.mean()
    close(loss, expected("loss"))
    (gradient,) = torch.autograd.grad(loss, output)
    close(gradient, expected("grad"), atol=1e-8)


@schedules
def test_bits_per_dimension(tensors, toy, schedule: str) -> None:
    expected = partial(tensors, "bpd", schedule, 25)
    noise = iter(expected("noise"))
    diffusion = Diffusion(schedule, 1000, "25")
    found = bits_per_dimension(diffusion, toy.network, tensors("inputs/x0"), lambda: next(noise))
    close(found.total, expected("total_bpd"))
    close(found.prior, expected("prior_bpd"), atol=1e-12)
    close(found.terms, expected("vb"))
    close(found.x0_error, expected("xstart_mse"))
    close(found.eps_error, expected("mse"))


def test_likelihood(tensors) -> None:
    x, means, scales = (tensors("likelihood", name) for name in ("x", "means", "log_scales"))
    found = likelihood.discretized_log_likelihood(x, means, scales)
    close(found, tensors("likelihood/log_probs"))
    close(likelihood.normal_kl(means, scales, x, 0.5 * scales), tensors("likelihood/kl"))


def test_classifier_free_guidance(tensors) -> None:
    cond, uncond = tensors("cfg/cond_eps"), tensors("cfg/uncond_eps")
    for scale, expected in zip(tensors("cfg/scales").tolist(), tensors("cfg/eps"), strict=True):
        close(guidance.classifier_free(cond, uncond, scale), expected)
