"""Gaussians as likelihoods of pictures with 256 levels (Ho et al. 2020, section 3.3)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def normal_kl(mean: Tensor, log_variance: Tensor, other_mean: Tensor, other_log_variance: Tensor) -> Tensor:
    """Divergence of the other Gaussian from the first, elementwise, in nats.

    KL(N(mean, exp(log_variance)) || N(other_mean, exp(other_log_variance))); shapes broadcast.
    """
    difference = log_variance - other_log_variance
    error = (mean - other_mean).square() * (-other_log_variance).exp()
    return 0.5 * (difference.exp() - difference - 1 + error)


def standard_normal_cdf(x: Tensor) -> Tensor:
    """The released reference's approximation of the normal distribution function (Page 1977)."""
    return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def discretized_log_likelihood(x: Tensor, means: Tensor, log_scales: Tensor) -> Tensor:
    """Log probability of the level each value stands for, elementwise, in nats.

    A Gaussian's mass between half a level below and half a level above; the first and the last
    level take all that is beyond them (Ho et al. 2020, equation 13).

    Args:
        x: pictures in [-1, 1], of uint8 levels.
        means: of the Gaussian, as `x`.
        log_scales: logarithm of its standard deviation, as `x`.
    """
    centred = x - means
    precision = torch.exp(-log_scales)
    above = standard_normal_cdf(precision * (centred + 1 / 255))
    below = standard_normal_cdf(precision * (centred - 1 / 255))
    mass = torch.where(x < -0.999, above, torch.where(x > 0.999, 1 - below, above - below))
    return mass.clamp(min=1e-12).log()
