"""Ancestral sampling (Ho et al. 2020, algorithm 2), with the learned variance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from framework_glide.diffusion.process import Index, Prediction
from framework_glide.diffusion.samplers.denoiser import Denoiser, Step


def step(prediction: Prediction, index: Index, noise: Tensor, gradient: Tensor | None = None) -> Tensor:
    """Draw x_{t-1} from p(x_{t-1} | x_t).

    Args:
        prediction: `Diffusion.prediction` at x_t, without the gradient.
        index: of x_t, int or (b,); at 0 no noise is added.
        noise: standard normal, (b, c, h, w).
        gradient: of log p(caption | x_t) by x_t, already scaled: moves the mean by
            variance * gradient (Dhariwal & Nichol 2021, algorithm 1).

    Returns:
        (b, c, h, w).
    """
    mean = prediction.mean
    if gradient is not None:
        mean = mean + prediction.log_variance.exp() * gradient
    if isinstance(index, int):
        return mean if index == 0 else mean + torch.exp(0.5 * prediction.log_variance) * noise
    noisy = (index != 0).to(mean.dtype).reshape(-1, 1, 1, 1)
    return mean + noisy * torch.exp(0.5 * prediction.log_variance) * noise


@dataclass(frozen=True)
class Ddpm:
    """The paper's sampler: each step draws from the predicted Gaussian."""

    def steps(self, model: Denoiser, x: Tensor, draw: Callable[[], Tensor]) -> Iterator[Step]:
        for index in reversed(range(len(model.diffusion))):
            prediction, gradient = model.prediction(x, index), model.pull(x, index)
            x = step(prediction, index, draw(), gradient)
            yield Step(index, x, prediction.x0)
