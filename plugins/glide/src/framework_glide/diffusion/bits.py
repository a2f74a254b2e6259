"""How many bits a dimension of a picture costs: the whole variational bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from framework_glide.diffusion.likelihood import normal_kl
from framework_glide.diffusion.losses import bound_of, mean_flat
from framework_glide.diffusion.process import Diffusion


class Bits(NamedTuple):
    """The bound of each picture and what it is made of.

    Attributes:
        total: bits per dimension, (b,): `prior` and all of `terms`.
        prior: what the noisiest level still tells of the picture, (b,).
        terms: of the bound, bits per dimension, (b, len), the noisiest level first.
        x0_error: mean squared error of the predicted clean picture, (b, len), the same order.
        eps_error: mean squared error of the noise, (b, len), the same order.
    """

    total: Tensor
    prior: Tensor
    terms: Tensor
    x0_error: Tensor
    eps_error: Tensor


def prior_bits(diffusion: Diffusion, x0: Tensor) -> Tensor:
    """Divergence of q(x_T | x0) from the standard normal, bits per dimension, (b,).

    Args:
        diffusion: its last level is x_T.
        x0: pictures in [-1, 1], (b, c, h, w).
    """
    last = len(diffusion) - 1
    mean, zero = diffusion.at("sqrt_alphas_cumprod", last) * x0, torch.zeros(())
    log_variance = torch.tensor(math.log(1 - float(diffusion.alphas_cumprod[last])))
    return mean_flat(normal_kl(mean, log_variance, zero, zero)) / math.log(2)


@torch.no_grad()
def bits_per_dimension(
    diffusion: Diffusion,
    network: Callable[[Tensor, Tensor], Tensor],
    x0: Tensor,
    draw: Callable[[], Tensor],
    *,
    clip: bool = True,
) -> Bits:
    """The variational bound on a picture's negative log likelihood (Nichol & Dhariwal 2021, eq. 4).

    Args:
        diffusion: the process; respaced, it is the bound of the model that takes fewer steps.
        network: `(x_t, original timesteps (b,)) -> (b, 2c, h, w)`.
        x0: pictures in [-1, 1], of uint8 levels, (b, c, h, w).
        draw: standard normal noise, (b, c, h, w); called once a level, the noisiest first.
        clip: keep the predicted x0 in [-1, 1].
    """
    terms, x0_errors, eps_errors = [], [], []
    for index in reversed(range(len(diffusion))):
        noise = draw()
        x = diffusion.q_sample(x0, index, noise)
        output = network(x, diffusion.original(index, len(x0), x0.device)).float()
        levels = torch.full((len(x0),), index, device=x0.device)
        prediction = diffusion.prediction(output, x, levels, clip=clip)
        terms.append(bound_of(diffusion, prediction, x0, x, levels))
        x0_errors.append(mean_flat((prediction.x0 - x0).square()))
        eps_errors.append(mean_flat((prediction.eps - noise).square()))
    prior, stacked = prior_bits(diffusion, x0), torch.stack(terms, dim=1)
    return Bits(
        prior + stacked.sum(1), prior, stacked, torch.stack(x0_errors, dim=1), torch.stack(eps_errors, dim=1)
    )
