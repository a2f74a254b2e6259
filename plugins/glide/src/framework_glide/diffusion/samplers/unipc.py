"""UniPC (Zhao et al. 2023): a multistep predictor in x0, and a corrector that asks for nothing more.

Notation of the paper: lambda = log(sqrt(abar) / sqrt(1 - abar)), h = its increase over a step, B(h) =
exp(-h) - 1 (its B2), r_i = where an earlier prediction lies, in steps of h from here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from framework.errors import UserError
from framework_glide.diffusion.process import Diffusion
from framework_glide.diffusion.samplers.denoiser import Denoiser, Step
from framework_glide.diffusion.samplers.dpm_solver import half_log_snr

#: x0 predicted at an index, which may be the next one.
Predicted = tuple[int, Tensor]


def step(diffusion: Diffusion, x: Tensor, history: Sequence[Predicted], end: Tensor | None = None) -> Tensor:
    """x_{t-1} by UniP-p, or by UniC-p where x0 is known at its end too (algorithms 5 and 6).

    Args:
        diffusion: the process the indices count.
        x: x_t, (b, c, h, w), at the index of the last of the history.
        history: indices and the x0 predicted there, p of them, the latest last; at index 0 nothing follows.
        end: x0 predicted at x_{t-1}, to correct the step with.

    Returns:
        (b, c, h, w).
    """
    (index, here), earlier = history[-1], history[:-1]
    start = half_log_snr(diffusion, index)
    h = half_log_snr(diffusion, index - 1) - start
    places = [(half_log_snr(diffusion, i) - start) / h for i, _ in earlier]
    slopes = [(x0 - here) / place for (_, x0), place in zip(earlier, places, strict=True)]
    if end is not None:
        places, slopes = [*places, 1.0], [*slopes, end - here]
    growth = math.expm1(-h)
    shrink = float(diffusion.sqrt_one_minus_alphas_cumprod[index - 1])
    shrink /= float(diffusion.sqrt_one_minus_alphas_cumprod[index])
    bent = here
    for weight, slope in zip(_weights(places, h), slopes, strict=True):
        bent = bent + weight * slope
    return shrink * x - float(diffusion.sqrt_alphas_cumprod[index - 1]) * growth * bent


def _weights(places: Sequence[float], h: float) -> list[float]:
    """How much of each slope belongs to the step (equation 5; the shortcut 1/2 for one slope is theirs)."""
    if len(places) < 2:
        return [0.5] * len(places)
    growth, wanted, factorial = math.expm1(-h), [], 1.0
    phi = growth / -h - 1
    for order in range(1, len(places) + 1):
        wanted.append(phi * factorial / growth)
        factorial *= order + 1
        phi = phi / -h - 1 / factorial
    powers = np.power(np.array(places)[None], np.arange(len(places))[:, None])
    return [float(weight) for weight in np.linalg.solve(powers, np.array(wanted))]


@dataclass(frozen=True)
class UniPC:
    """UniPC, one evaluation a step; the first steps and the last are of lower order.

    Attributes:
        order: of the predictor, 1 to 3; the corrector's is one more. With guidance, 2.
    """

    order: int = 2

    def __post_init__(self) -> None:
        if self.order not in (1, 2, 3):
            raise UserError(f"order: {self.order} is not an order of unipc\n  give 1, 2 or 3")

    def steps(self, model: Denoiser, x: Tensor, draw: Callable[[], Tensor]) -> Iterator[Step]:
        before, used = x, list[Predicted]()
        history = list[Predicted]()
        for index in reversed(range(len(model.diffusion))):
            x0 = model.score(x, index).x0
            if used:
                x = step(model.diffusion, before, used, x0)
            history = [*history, (index, x0)][-self.order :]
            used, before = history[-min(self.order, index + 1) :], x
            x = step(model.diffusion, x, used) if index else x0
            yield Step(index, x, x0)
