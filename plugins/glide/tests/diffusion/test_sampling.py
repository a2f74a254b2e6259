from __future__ import annotations

import pytest
import torch
from torch import Tensor

from framework_glide.diffusion.noise import ImageNoise, RecordedNoise
from framework_glide.diffusion.process import Diffusion
from framework_glide.diffusion.samplers import SAMPLERS, Step, sampler_of
from framework_glide.diffusion.sampling import sample

every_sampler = pytest.mark.parametrize("name", SAMPLERS)
DIFFUSION = Diffusion(respacing="7")


class Counted(ImageNoise):
    draws = 0

    def draw(self, shape) -> Tensor:
        self.draws += 1
        return super().draw(shape)


@every_sampler
def test_a_picture_does_not_depend_on_its_batch(toy, name: str) -> None:
    def pictures(*seeds: int) -> Tensor:
        noise = ImageNoise(seeds)
        return sample(DIFFUSION, sampler_of(name), toy.network, noise, (len(seeds), 3, 8, 8))

    together = pictures(1, 2, 3)
    assert torch.equal(pictures(3, 1), together[[2, 0]])
    assert not torch.equal(together[0], together[1])
    assert together.dtype == torch.float32


@pytest.mark.parametrize(
    ("name", "eta", "draws"), [("ddpm", 0, 8), ("ddim", 1, 8), ("ddim", 0, 1), ("dpm_solver_sde", 0, 8)]
)
def test_noise_is_drawn_once_to_begin_with_and_once_a_step(toy, name: str, eta: float, draws: int) -> None:
    noise = Counted([1])
    start = sample(DIFFUSION, sampler_of(name, eta), toy.network, noise, (1, 3, 4, 4))
    assert noise.draws == draws
    noise = Counted([1])
    sample(DIFFUSION, sampler_of(name, eta), toy.network, noise, (1, 3, 4, 4), start=start)
    assert noise.draws == draws - 1


@every_sampler
def test_pinned_pixels_come_out_as_they_are(toy, name: str) -> None:
    known, mask = torch.rand(2, 3, 8, 8) * 2 - 1, (torch.rand(2, 1, 8, 8) > 0.5).float()

    def pin(x0: Tensor) -> Tensor:
        return x0 * (1 - mask) + known * mask

    found = sample(DIFFUSION, sampler_of(name), toy.network, ImageNoise([1, 2]), (2, 3, 8, 8), denoised=pin)
    assert torch.equal(found * mask, known * mask)


@every_sampler
def test_a_gradient_pulls(gaussian, name: str) -> None:
    """A constant gradient g of log p(caption | x) tells for brighter pictures.

    With it the data has density p(x) exp(g x), a normal one whose mean is deviation^2 g higher.
    It is exact for the noised data too if g is scaled as the posterior of x0 is narrowed.
    """
    diffusion = Diffusion(respacing="100")
    data = gaussian(diffusion)
    abar = torch.tensor(diffusion.respaced("").alphas_cumprod)

    def gradient(x: Tensor, timesteps: Tensor) -> Tensor:
        level = abar[timesteps].reshape(-1, 1, 1, 1).to(x)
        variance = data.deviation**2
        return (level.sqrt() * variance / (level * variance + 1 - level)).expand_as(x)

    def mean(**options) -> float:
        noise, shape = ImageNoise(range(8)), (8, 3, 8, 8)
        found = sample(diffusion, sampler_of(name), data.network, noise, shape, clip=False, **options)
        return float(found.mean())

    assert mean(gradient=gradient) - mean() == pytest.approx(data.deviation**2, rel=0.1)


@every_sampler
def test_the_network_is_given_original_timesteps(toy, name: str) -> None:
    seen: list[Tensor] = []

    def network(x: Tensor, timesteps: Tensor) -> Tensor:
        seen.append(timesteps)
        return toy.network(x, timesteps)

    sample(DIFFUSION, sampler_of(name), network, ImageNoise([1, 2]), (2, 3, 4, 4))
    expected = DIFFUSION.timesteps[::-1]
    if name == "plms":
        expected = [expected[0], expected[1], *expected[1:]]
    assert [t.tolist() for t in seen] == [[t, t] for t in expected]
    assert all(t.dtype == torch.int64 for t in seen)


@every_sampler
def test_a_network_without_variance(toy, name: str) -> None:
    def network(x: Tensor, timesteps: Tensor) -> Tensor:
        return toy.network(x, timesteps)[:, :3].bfloat16()

    found = sample(DIFFUSION, sampler_of(name), network, ImageNoise([1]), (1, 3, 4, 4))
    assert found.dtype == torch.float32 and torch.isfinite(found).all()


@every_sampler
def test_pictures_are_made_on_the_device_asked_for(toy, name: str) -> None:
    options = {"gradient": toy.gradient, "device": "meta"}
    found = sample(
        DIFFUSION, sampler_of(name, eta=0.0), toy.network, ImageNoise([1]), (1, 3, 4, 4), **options
    )
    assert (found.device.type, found.shape) == ("meta", (1, 3, 4, 4))


def test_steps_are_told(toy) -> None:
    steps: list[Step] = []
    record = torch.randn(8, 1, 3, 4, 4)
    noise = RecordedNoise(record)
    found = sample(DIFFUSION, sampler_of("ddpm"), toy.network, noise, (1, 3, 4, 4), on_step=steps.append)
    assert [step.left for step in steps] == [6, 5, 4, 3, 2, 1, 0]
    assert steps[-1].x is found
    assert not found.requires_grad
