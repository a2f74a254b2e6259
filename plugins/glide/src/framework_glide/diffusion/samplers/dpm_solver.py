"""DPM-Solver++ (2M) (Lu et al. 2022): a second-order multistep solver in the predicted x0.

A learned variance is not needed and not looked at: the ordinary differential equation has none.
Notation of the paper: lambda = log(sqrt(abar) / sqrt(1 - abar)), h = its increase over a step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from framework_glide.diffusion.process import Diffusion
from framework_glide.diffusion.samplers.denoiser import Denoiser, Step


def half_log_snr(diffusion: Diffusion, index: int) -> float:
    """The paper's lambda of an index."""
    abar = float(diffusion.alphas_cumprod[index])
    return 0.5 * (math.log(abar) - math.log1p(-abar))


def step(
    diffusion: Diffusion,
    x0: Tensor,
    x: Tensor,
    index: int,
    previous: Tensor | None = None,
    noise: Tensor | None = None,
) -> Tensor:
    """x_{t-1} by algorithm 2.

    Args:
        diffusion: the process the index counts.
        x0: predicted at x_t, (b, c, h, w).
        x: x_t, (b, c, h, w).
        index: of x_t; from 0 the step ends in `x0`.
        previous: x0 predicted at index + 1; None makes the step first order, which is ddim's.
        noise: standard normal, (b, c, h, w): solve the stochastic equation instead
            (SDE-DPM-Solver++ 2M); None for the ordinary one.

    Returns:
        (b, c, h, w).
    """
    if index == 0:
        return x0
    start, end = half_log_snr(diffusion, index), half_log_snr(diffusion, index - 1)
    h = end - start
    if previous is not None:
        ratio = (start - half_log_snr(diffusion, index + 1)) / h
        x0 = x0 + (x0 - previous) / (2 * ratio)
    alpha = float(diffusion.sqrt_alphas_cumprod[index - 1])
    sigma = float(diffusion.sqrt_one_minus_alphas_cumprod[index - 1])
    shrink = sigma / float(diffusion.sqrt_one_minus_alphas_cumprod[index])
    if noise is None:
        return shrink * x - alpha * math.expm1(-h) * x0
    fresh = -math.expm1(-2 * h)
    return shrink * math.exp(-h) * x + alpha * fresh * x0 + sigma * math.sqrt(fresh) * noise


@dataclass(frozen=True)
class DpmSolver:
    """DPM-Solver++ 2M; its first step and its last are of first order.

    Attributes:
        stochastic: add noise at every step (SDE-DPM-Solver++ 2M).
    """

    stochastic: bool = False

    def steps(self, model: Denoiser, x: Tensor, draw: Callable[[], Tensor]) -> Iterator[Step]:
        previous = None
        for index in reversed(range(len(model.diffusion))):
            prediction = model.score(x, index)
            noise = draw() if self.stochastic else None
            x = step(model.diffusion, prediction.x0, x, index, previous, noise)
            previous = prediction.x0
            yield Step(index, x, prediction.x0)
