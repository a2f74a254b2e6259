"""Pseudo linear multistep sampling (Liu et al. 2022, "PNDM").

Implicit sampling (ddim without noise) whose eps is extrapolated from the last few steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from framework.errors import UserError
from framework_glide.diffusion.process import Diffusion, Index
from framework_glide.diffusion.samplers import ddim
from framework_glide.diffusion.samplers.denoiser import Denoiser, Step

# Adams-Bashforth weights by order, the newest eps first; their sum is the divisor.
WEIGHTS = {1: (1,), 2: (3, -1), 3: (23, -16, 5), 4: (55, -59, 37, -9)}


def extrapolated(history: Sequence[Tensor]) -> Tensor:
    """The eps to follow, of the order of the history's length.

    Args:
        history: eps of the last 1 to 4 steps, the newest last, each (b, c, h, w).
    """
    weights = WEIGHTS[len(history)]
    eps = weights[0] * history[-1]
    for weight, old in zip(weights[1:], reversed(history[:-1]), strict=True):
        eps = eps + weight * old
    return eps / sum(weights)


def step(diffusion: Diffusion, eps: Tensor, x: Tensor, index: Index) -> Tensor:
    """x_{t-1} on the way along an eps (equation 9): ddim's step with its x0 as eps has it.

    Args:
        diffusion: the process the indices count.
        eps: to follow, (b, c, h, w).
        x: x_t, (b, c, h, w).
        index: of x_t, int or (b,).

    Returns:
        (b, c, h, w).
    """
    before = diffusion.at("alphas_cumprod_prev", index)
    return before.sqrt() * diffusion.x0_from_eps(eps, x, index) + (1 - before).sqrt() * eps


@dataclass(frozen=True)
class Plms:
    """Pseudo linear multistep.

    The first step is a pseudo improved Euler step (the mean of eps here and one step on; the only
    one to ask the network twice); each later one extrapolates from one step more, up to `order`.
    The last one ends in the x0 predicted there, as pinned and clipped.

    Attributes:
        order: of the extrapolation, 2 to 4; 1 is ddim.
    """

    order: int = 4

    def __post_init__(self) -> None:
        if self.order not in WEIGHTS:
            raise UserError(f"order: {self.order} is not an order of plms\n  give 1 (ddim), 2, 3 or 4")

    def steps(self, model: Denoiser, x: Tensor, draw: Callable[[], Tensor]) -> Iterator[Step]:
        history: list[Tensor] = []
        for index in reversed(range(len(model.diffusion))):
            prediction = model.score(x, index)
            history = [*history, prediction.eps][-self.order :]
            if index == 0:
                x = prediction.x0
            elif len(history) == 1 and self.order > 1:
                ahead = ddim.step(model.diffusion, prediction, index)
                eps = (prediction.eps + model.score(ahead, index - 1).eps) / 2
                x = step(model.diffusion, eps, x, index)
            else:
                x = step(model.diffusion, extrapolated(history), x, index)
            yield Step(index, x, prediction.x0)
