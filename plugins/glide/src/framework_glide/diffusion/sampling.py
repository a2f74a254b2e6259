"""From noise to pictures, with any sampler."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from framework_glide.diffusion.noise import Noise
from framework_glide.diffusion.process import Diffusion
from framework_glide.diffusion.samplers import Denoiser, Network, Sampler, Step


@torch.no_grad()
def sample(
    diffusion: Diffusion,
    sampler: Sampler,
    network: Network,
    noise: Noise,
    shape: Sequence[int],
    *,
    start: Tensor | None = None,
    gradient: Network | None = None,
    denoised: Callable[[Tensor], Tensor] | None = None,
    clip: bool = True,
    device: torch.device | str = "cpu",
    on_step: Callable[[Step], None] | None = None,
) -> Tensor:
    """Make pictures.

    Noise is drawn once to begin with, then once a step by the samplers that add some (at the last
    step too, which does not use it). So the same seeds give every sampler the same beginning.

    Args:
        diffusion: the process, respaced to the steps that are to be done.
        sampler: such as `sampler_of("ddim", eta=0)`.
        network: `(x (b, c, h, w), original timesteps int64 (b,)) -> (b, 2c or c, h, w)`: eps, then v.
            Classifier-free guidance is already in its answer.
        noise: of the batch, `ImageNoise(seeds)`.
        shape: (b, c, h, w).
        start: begin with this x_T instead of drawing it, (b, c, h, w).
        gradient: of log p(caption | x_t) by x_t, already scaled, from the same arguments as the
            network's. ddpm moves its mean by variance * gradient, every other sampler its eps by
            -sqrt(1 - abar) * gradient. Gradients are off when it is called.
        denoised: applied to every x0 the network predicts; inpainting pins known pixels with it.
        clip: keep the predicted x0 in [-1, 1].
        device: where the pictures are made; of `start` where that is given.
        on_step: told of every step done.

    Returns:
        float32 (b, c, h, w), about [-1, 1].
    """
    device = torch.device(device) if start is None else start.device

    def draw() -> Tensor:
        return noise.draw(shape).to(device)

    x = draw() if start is None else start
    for step in sampler.steps(Denoiser(diffusion, network, gradient, denoised, clip), x, draw):
        x = step.x
        if on_step is not None:
            on_step(step)
    return x
