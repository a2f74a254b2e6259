"""What a network is trained for: noise, likelihood, or both. Every loss is per picture, (b,).

The variational terms are in bits per dimension: Nichol & Dhariwal 2021, equations 4 to 7.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from framework_glide.diffusion.likelihood import discretized_log_likelihood, normal_kl
from framework_glide.diffusion.process import Diffusion, Prediction


class Hybrid(NamedTuple):
    """Both parts of the hybrid loss and their sum, each (b,)."""

    loss: Tensor
    mse: Tensor
    vb: Tensor


def mean_flat(values: Tensor) -> Tensor:
    """Mean over everything but the batch, (b, ...) -> (b,)."""
    return values.flatten(1).mean(1)


def mse(output: Tensor, noise: Tensor) -> Tensor:
    """Mean squared error of the predicted noise (Ho et al. 2020, equation 14), (b,).

    Args:
        output: the network's, (b, c or 2c, h, w); v is not looked at.
        noise: that was added, (b, c, h, w).
    """
    return mean_flat((noise - output[:, : noise.shape[1]]).square())


def vb(
    diffusion: Diffusion, output: Tensor, x0: Tensor, x: Tensor, index: Tensor, *, clip: bool = False
) -> Tensor:
    """One term of the variational bound, in bits per dimension, (b,).

    The divergence of the predicted step from the true posterior; at index 0 the likelihood of the
    picture's own 256 levels.

    Args:
        diffusion: the process the indices count.
        output: the network's, eps and v, (b, 2c, h, w); or eps alone.
        x0: clean pictures in [-1, 1], (b, c, h, w).
        x: the noisy ones given to the network.
        index: of the noise level, (b,).
        clip: keep the predicted x0 in [-1, 1], as for evaluation.
    """
    return bound_of(diffusion, diffusion.prediction(output, x, index, clip=clip), x0, x, index)


def bound_of(diffusion: Diffusion, prediction: Prediction, x0: Tensor, x: Tensor, index: Tensor) -> Tensor:
    """`vb` of a prediction already read, (b,)."""
    mean, log_variance = diffusion.q_posterior(x0, x, index)
    terms = mean_flat(normal_kl(mean, log_variance, prediction.mean, prediction.log_variance))
    last = index == 0
    if bool(last.any()):
        scales = 0.5 * prediction.log_variance[last]
        likelihood = discretized_log_likelihood(x0[last], prediction.mean[last], scales)
        terms = terms.index_put((last,), -mean_flat(likelihood))
    return terms / math.log(2)


def hybrid(
    diffusion: Diffusion,
    output: Tensor,
    x0: Tensor,
    x: Tensor,
    index: Tensor,
    noise: Tensor,
    *,
    rescaled: bool = True,
) -> Hybrid:
    """The paper's loss: error of the noise, and the bound for the variance alone.

    Nichol & Dhariwal 2021, section 3.1: the bound's gradient does not reach eps.

    Args:
        diffusion: the process the indices count.
        output: the network's, eps and v, (b, 2c, h, w).
        x0: clean pictures in [-1, 1], (b, c, h, w).
        x: the noisy ones given to the network.
        index: of the noise level, (b,).
        noise: that was added, (b, c, h, w).
        rescaled: weigh the bound by steps / 1000, which makes it equation 16's: the whole bound,
            estimated from one of its terms, times 0.001. Without, the bound has weight 1.
    """
    channels = x0.shape[1]
    frozen = torch.cat([output[:, :channels].detach(), output[:, channels:]], dim=1)
    bound = vb(diffusion, frozen, x0, x, index)
    if rescaled:
        bound = bound * (len(diffusion) / 1000)
    error = mse(output, noise)
    return Hybrid(error + bound, error, bound)


def kl(
    diffusion: Diffusion, output: Tensor, x0: Tensor, x: Tensor, index: Tensor, *, rescaled: bool = False
) -> Tensor:
    """The bound alone, its gradient reaching eps too, bits per dimension, (b,).

    Args:
        diffusion: the process the indices count.
        output: the network's, eps and v, (b, 2c, h, w).
        x0: clean pictures in [-1, 1], (b, c, h, w).
        x: the noisy ones given to the network.
        index: of the noise level, (b,).
        rescaled: times the number of steps: an estimate of the whole bound.
    """
    terms = vb(diffusion, output, x0, x, index)
    return terms * len(diffusion) if rescaled else terms


def min_snr_weights(diffusion: Diffusion, index: Tensor, gamma: float = 5.0) -> Tensor:
    """Weights of the noise's error that treat each noise level as a task, (b,), each in (0, 1].

    min(SNR, gamma) / SNR for networks that predict eps (Hang et al. 2023).

    Args:
        diffusion: the process the indices count.
        index: of the noise level, (b,).
        gamma: above this signal-to-noise ratio levels count less.
    """
    noise, signal = (
        diffusion.at(name, index).flatten() ** 2
        for name in ("sqrt_one_minus_alphas_cumprod", "sqrt_alphas_cumprod")
    )
    snr = signal / noise
    return snr.clamp(max=gamma) / snr
