"""Samplers against diffusers and against the exact solution of Gaussian data."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from framework.errors import UserError
from framework_glide.diffusion.noise import ImageNoise, RecordedNoise
from framework_glide.diffusion.process import Diffusion
from framework_glide.diffusion.samplers import (
    SAMPLERS,
    Ddim,
    Ddpm,
    Denoiser,
    DpmSolver,
    Plms,
    Step,
    UniPC,
    ddim,
    dpm_solver,
    plms,
    sampler_of,
)
from framework_glide.diffusion.sampling import sample

# Reading an abar of diffusers into numpy warns of a conversion of theirs.
peers_warnings = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
schedules = pytest.mark.parametrize("schedule", ["linear", "squaredcos_cap_v2"])
SHAPE = (2, 3, 8, 8)


def trace(sampler, diffusion: Diffusion, network, start: Tensor, **options) -> list[Step]:
    """Every step without clipping."""
    steps: list[Step] = []
    noise = ImageNoise(range(len(start)))
    options = {"start": start, "clip": False, "on_step": steps.append, **options}
    sample(diffusion, sampler, network, noise, start.shape, **options)
    return steps


@peers_warnings
@schedules
@pytest.mark.parametrize("respacing", ["ddim10", "ddim50", "fast27"])
@pytest.mark.parametrize("stochastic", [False, True])
def test_dpm_solver_is_that_of_diffusers(gaussian, schedule: str, respacing: str, stochastic: bool) -> None:
    schedulers = pytest.importorskip("diffusers.schedulers")
    diffusion = Diffusion(schedule, 1000, respacing)
    data = gaussian(diffusion)
    start, *noises = torch.randn(len(diffusion) + 1, *SHAPE, generator=torch.Generator().manual_seed(0))

    def network(x: Tensor, timesteps: Tensor) -> Tensor:
        eps = data.network(x, timesteps)
        return torch.cat([eps, eps.cos()], dim=1)

    peer = schedulers.DPMSolverMultistepScheduler(
        beta_schedule=schedule,
        beta_end=0.02,
        algorithm_type="sde-dpmsolver++" if stochastic else "dpmsolver++",
        variance_type="learned_range",
    )
    peer.set_timesteps(timesteps=diffusion.timesteps[::-1])
    expected = start
    for t, noise in zip(peer.timesteps, noises, strict=True):
        output = network(expected, t.expand(len(start)))
        expected = peer.step(output, t, expected, variance_noise=noise).prev_sample
    found = sample(
        diffusion, DpmSolver(stochastic), network, RecordedNoise([start, *noises]), SHAPE, clip=False
    )
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


@schedules
def test_plms_is_that_of_diffusers(gaussian, schedule: str) -> None:
    schedulers = pytest.importorskip("diffusers.schedulers")
    diffusion = Diffusion(schedule, 1000, "ddim50")
    data = gaussian(diffusion)
    start = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
    peer = schedulers.PNDMScheduler(
        beta_schedule=schedule, beta_end=0.02, skip_prk_steps=True, set_alpha_to_one=True
    )
    peer.set_timesteps(50)
    expected, x = [], start
    for t in peer.timesteps:
        x = peer.step(data.network(x, t.expand(2)), t, x).prev_sample
        expected.append(x)
    found = trace(Plms(), diffusion, data.network, start)
    # The peer asks twice at the second timestep, and extrapolates once more where we end in x0.
    scale = max(float(x.abs().max()) for x in expected)
    for step, x in zip(found[:-1], expected[1:-1], strict=True):
        torch.testing.assert_close(step.x, x, atol=1e-5 * scale, rtol=1e-4)


@peers_warnings
@schedules
@pytest.mark.parametrize("order", [1, 2, 3])
def test_unipc_is_that_of_diffusers(gaussian, schedule: str, order: int) -> None:
    schedulers = pytest.importorskip("diffusers.schedulers")
    diffusion = Diffusion(schedule, 1000, "ddim12")
    data = gaussian(diffusion)
    start = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))

    def network(x: Tensor, timesteps: Tensor) -> Tensor:
        return data.network(x, timesteps) + 0.1 * (x + timesteps.float().reshape(-1, 1, 1, 1)).sin()

    peer = schedulers.UniPCMultistepScheduler(beta_schedule=schedule, beta_end=0.02, solver_order=order)
    peer.set_timesteps(len(diffusion))
    # It knows no spacing of timesteps that begins with 0.
    peer.timesteps = torch.tensor(diffusion.timesteps[::-1].copy())
    abar = torch.tensor(diffusion.alphas_cumprod[::-1].copy())
    peer.sigmas = torch.cat([((1 - abar) / abar).sqrt(), torch.zeros(1)]).float()
    expected = []
    x = start
    for t in peer.timesteps:
        x = peer.step(network(x, t.expand(2)), t, x).prev_sample
        expected.append(x)
    for step, other in zip(trace(UniPC(order), diffusion, network, start), expected, strict=True):
        torch.testing.assert_close(step.x, other, atol=2e-4, rtol=2e-4)


@peers_warnings
@schedules
@pytest.mark.parametrize("name", ["euler", "euler_ancestral"])
def test_euler_is_that_of_diffusers(gaussian, schedule: str, name: str) -> None:
    schedulers = pytest.importorskip("diffusers.schedulers")
    diffusion = Diffusion(schedule, 1000, "ddim20")
    data = gaussian(diffusion)
    start = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
    peer = {"euler": "EulerDiscreteScheduler", "euler_ancestral": "EulerAncestralDiscreteScheduler"}[name]
    how = {"beta_schedule": schedule, "beta_end": 0.02, "timestep_spacing": "leading"}
    scheduler = getattr(schedulers, peer)(**how)
    scheduler.set_timesteps(20)
    # Theirs counts in sigma, where the picture keeps its size and the noise grows.
    generator = torch.Generator().manual_seed(1)
    x = start / float(diffusion.sqrt_alphas_cumprod[-1])
    recorded = []
    for t in scheduler.timesteps:
        output = data.network(scheduler.scale_model_input(x, t), t.long().expand(2))
        before = generator.get_state()
        x = scheduler.step(output, t, x, generator=generator).prev_sample
        recorded.append(torch.randn(SHAPE, generator=torch.Generator().set_state(before)))
    found = sample(
        diffusion, sampler_of(name), data.network, RecordedNoise([start, *recorded]), SHAPE, clip=False
    )
    torch.testing.assert_close(found, x, atol=2e-3, rtol=2e-3)


def _errors(gaussian, sampler, counts: list[int]) -> list[float]:
    """Distance from the exact solution half way, by number of steps."""
    whole = Diffusion("linear", 3200)
    data, errors = gaussian(whole), []
    start = torch.linspace(-2, 2, 8, dtype=torch.float64).reshape(8, 1, 1, 1)
    for count in counts:
        diffusion = whole.respaced(f"ddim{count}")
        steps = trace(sampler, diffusion, data.network, start)
        (half_way,) = (step.x for step in steps if step.left == count // 2 + 1)
        # The flow of the ordinary equation keeps how many deviations a pixel is from the mean.
        (mean, deviation), (end_mean, end_deviation) = (
            data.spread(diffusion.timesteps[index]) for index in (-1, count // 2)
        )
        exact = (start - mean) / deviation * end_deviation + end_mean
        errors.append(float((half_way - exact).abs().max()))
    return errors


@pytest.mark.parametrize(("sampler", "order"), [(Ddim(), 1), (DpmSolver(), 2), (Plms(2), 2), (UniPC(1), 2)])
def test_order_of_convergence(gaussian, sampler, order: int) -> None:
    errors = _errors(gaussian, sampler, [20, 40, 80])
    orders = [math.log2(coarse / fine) for coarse, fine in itertools.pairwise(errors)]
    assert order - 0.25 < min(orders) <= max(orders) < order + 0.25, (errors, orders)


def test_a_higher_order_is_closer(gaussian) -> None:
    counts = [20, 40, 80]
    errors = [_errors(gaussian, Plms(order), counts) for order in (1, 2, 4)]
    for worse, better in itertools.pairwise(errors):
        assert all(3 * fine < coarse for coarse, fine in zip(worse, better, strict=True)), errors


@pytest.mark.parametrize(
    "sampler", [Ddpm(), Ddim(1.0), DpmSolver(stochastic=True), Ddim(), Plms(), DpmSolver(), UniPC()]
)
def test_gaussian_data_comes_out(gaussian, sampler) -> None:
    diffusion = Diffusion("squaredcos_cap_v2", 1000, "100")
    data = gaussian(diffusion)
    found = sample(diffusion, sampler, data.network, ImageNoise(range(16)), (16, 3, 16, 16), clip=False)
    assert float(found.mean()) == pytest.approx(data.mean, abs=0.04)
    assert float(found.std()) == pytest.approx(data.deviation, rel=0.1)


def test_first_order_is_ddim(toy) -> None:
    diffusion, x = Diffusion(respacing="20"), torch.randn(SHAPE)
    for index in (1, 10, 19):
        prediction = diffusion.prediction(toy.network(x, diffusion.original(index, 2)), x, index, clip=False)
        expected = ddim.step(diffusion, prediction, index)
        close = {"rtol": 1e-4, "atol": 1e-4}
        torch.testing.assert_close(dpm_solver.step(diffusion, prediction.x0, x, index), expected, **close)
        torch.testing.assert_close(plms.step(diffusion, prediction.eps, x, index), expected, **close)


def test_plms_of_order_one_is_ddim(toy) -> None:
    diffusion, start = Diffusion("linear", respacing="20"), torch.randn(SHAPE)
    found, expected = (
        sample(diffusion, sampler, toy.network, ImageNoise([0, 1]), SHAPE, start=start)
        for sampler in (Plms(order=1), Ddim())
    )
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_plms_extrapolates_polynomials_exactly(order: int) -> None:
    """The mean of a polynomial of degree order - 1 over the next step, from its values so far."""
    for degree in range(order):
        history = [torch.tensor(float(at)) ** degree for at in range(-order + 1, 1)]
        assert float(plms.extrapolated(history)) == pytest.approx(1 / (degree + 1), abs=1e-5)


@pytest.mark.parametrize("order", [0, 5])
@pytest.mark.parametrize("sampler", [Plms, UniPC])
def test_orders_that_there_are_not(sampler, order: int) -> None:
    with pytest.raises(
        UserError, match=f"order: {order} is not an order of {sampler.__name__.lower()}\n  give"
    ):
        sampler(order)


def test_a_picture_encoded_is_decoded(gaussian) -> None:
    diffusion = Diffusion("linear", 1000, "200")
    data, x0 = gaussian(diffusion), torch.rand(SHAPE) * 2 - 1
    noise = ddim.encode(Denoiser(diffusion, data.network, clip=False), x0)
    found = sample(diffusion, Ddim(), data.network, ImageNoise([0, 1]), SHAPE, start=noise, clip=False)
    assert float((found - x0).abs().mean()) < 0.05


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("respacing", ["1", "2", "5"])
def test_few_steps(toy, name: str, respacing: str) -> None:
    diffusion = Diffusion(respacing=respacing)
    steps = trace(sampler_of(name), diffusion, toy.network, torch.randn(SHAPE), clip=True)
    assert [step.left for step in steps] == list(reversed(range(len(diffusion))))
    assert torch.isfinite(steps[-1].x).all()
    assert float(steps[-1].x.abs().max()) <= 1
