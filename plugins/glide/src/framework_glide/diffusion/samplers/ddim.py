"""Denoising diffusion implicit models (Song et al. 2021)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from framework.errors import UserError
from framework_glide.diffusion.process import Diffusion, Index, Prediction
from framework_glide.diffusion.samplers.denoiser import Denoiser, Step


def step(
    diffusion: Diffusion, prediction: Prediction, index: Index, noise: Tensor | None = None, eta: float = 0.0
) -> Tensor:
    """x_{t-1} by equation 12.

    Args:
        diffusion: the process the indices count.
        prediction: at x_t; `Diffusion.shifted` puts a gradient in.
        index: of x_t, int or (b,).
        noise: standard normal, (b, c, h, w); None is allowed where `eta` is 0.
        eta: 0 adds no noise, 1 as much as ddpm's smaller variance (equation 16).

    Returns:
        (b, c, h, w).
    """
    before, now = diffusion.at("alphas_cumprod_prev", index), diffusion.at("alphas_cumprod", index)
    sigma = eta * ((1 - before) / (1 - now)).sqrt() * (1 - now / before).sqrt()
    # With eta = 1 and two steps nothing is left, and rounding must not make it less than nothing.
    left = (1 - before - sigma**2).clamp(min=0)
    x = prediction.x0 * before.sqrt() + left.sqrt() * prediction.eps
    # At index 0 nothing is left of the noise, so sigma is 0 there.
    return x if noise is None or eta == 0 else x + sigma * noise


def reverse_step(diffusion: Diffusion, prediction: Prediction, index: Index) -> Tensor:
    """x_{t+1} on the way a picture is encoded: equation 12 backwards, without noise.

    Args:
        diffusion: the process the indices count.
        prediction: at x_t.
        index: of x_t, int or (b,).

    Returns:
        (b, c, h, w); from the last index, all of it noise.
    """
    after = diffusion.at("alphas_cumprod_next", index)
    return prediction.x0 * after.sqrt() + (1 - after).sqrt() * prediction.eps


@torch.no_grad()
def encode(model: Denoiser, x: Tensor) -> Tensor:
    """The noise from which `Ddim(eta=0)` makes about this picture (section 4.3), (b, c, h, w).

    Args:
        model: the network; with `clip` off, or what is clipped is lost.
        x: pictures in [-1, 1], (b, c, h, w).
    """
    for index in range(len(model.diffusion)):
        x = reverse_step(model.diffusion, model.score(x, index), index)
    return x


@dataclass(frozen=True)
class Ddim:
    """Implicit sampling.

    Attributes:
        eta: share of ddpm's noise, in [0, 1].
    """

    eta: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.eta <= 1:
            raise UserError(f"eta: {self.eta:g} is out of range\n  give 0 (no noise) to 1 (as much as ddpm)")

    def steps(self, model: Denoiser, x: Tensor, draw: Callable[[], Tensor]) -> Iterator[Step]:
        for index in reversed(range(len(model.diffusion))):
            prediction = model.score(x, index)
            x = step(model.diffusion, prediction, index, draw() if self.eta else None, self.eta)
            yield Step(index, x, prediction.x0)
