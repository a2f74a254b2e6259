"""A network, its guidance and its process, as samplers see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from torch import Tensor

from framework_glide.diffusion.process import Diffusion, Prediction

# (x_t (b, c, h, w), original timesteps (b,)) -> (b, 2c or c, h, w), or a gradient (b, c, h, w).
Network: TypeAlias = Callable[[Tensor, Tensor], Tensor]


class Step(NamedTuple):
    """One step done.

    Attributes:
        left: steps still to do, len - 1 first and 0 last.
        x: the picture after it, x_{t-1}, (b, c, h, w).
        x0: the clean picture predicted before it, (b, c, h, w).
    """

    left: int
    x: Tensor
    x0: Tensor


@dataclass(frozen=True)
class Denoiser:
    """Predictions of a network.

    Attributes:
        diffusion: the process to go back through.
        network: given x_t and original timesteps; guidance without a classifier is already in its answer.
        gradient: of log p(caption | x_t) by x_t, already scaled; given the same as the network.
        denoised: applied to every x0 the network predicts, such as pinning known pixels.
        clip: keep x0 in [-1, 1].
    """

    diffusion: Diffusion
    network: Network
    gradient: Network | None = None
    denoised: Callable[[Tensor], Tensor] | None = None
    clip: bool = True

    def prediction(self, x: Tensor, index: int) -> Prediction:
        """What the network says of x_t, without the gradient."""
        output = self.network(x, self.diffusion.original(index, len(x), x.device)).float()
        return self.diffusion.prediction(output, x, index, clip=self.clip, denoised=self.denoised)

    def score(self, x: Tensor, index: int) -> Prediction:
        """The same with the gradient in its eps, for samplers that follow eps."""
        prediction, gradient = self.prediction(x, index), self.pull(x, index)
        if gradient is None:
            return prediction
        return self.diffusion.shifted(prediction, x, index, gradient)

    def pull(self, x: Tensor, index: int) -> Tensor | None:
        """The gradient at x_t, (b, c, h, w), or None where nothing pulls."""
        if self.gradient is None:
            return None
        return self.gradient(x, self.diffusion.original(index, len(x), x.device)).float()
