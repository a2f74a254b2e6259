"""Samplers: ways back from noise to a picture, behind one small interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from torch import Tensor

from framework.errors import UserError, did_you_mean
from framework_glide.diffusion.samplers.ddim import Ddim
from framework_glide.diffusion.samplers.ddpm import Ddpm
from framework_glide.diffusion.samplers.denoiser import Denoiser, Network, Step
from framework_glide.diffusion.samplers.dpm_solver import DpmSolver
from framework_glide.diffusion.samplers.plms import Plms
from framework_glide.diffusion.samplers.unipc import UniPC

__all__ = [
    "SAMPLERS",
    "Ddim",
    "Ddpm",
    "Denoiser",
    "DpmSolver",
    "Network",
    "Plms",
    "Sampler",
    "Step",
    "UniPC",
    "sampler_of",
]


class Sampler(Protocol):
    """A way back from noise to a picture."""

    def steps(self, model: Denoiser, x: Tensor, draw: Callable[[], Tensor]) -> Iterator[Step]:
        """Every step from noise to the picture.

        Args:
            model: predicts, and knows the process.
            x: noise, (b, c, h, w).
            draw: standard normal noise for one step, (b, c, h, w).
        """
        ...


SAMPLERS: dict[str, Callable[[float], Sampler]] = {
    "ddpm": lambda eta: Ddpm(),
    "ddim": Ddim,
    "plms": lambda eta: Plms(),
    "dpm_solver": lambda eta: DpmSolver(),
    "dpm_solver_sde": lambda eta: DpmSolver(stochastic=True),
    "unipc": lambda eta: UniPC(),
    # Euler's steps in sigma = sqrt(1 - abar) / sqrt(abar) (Karras et al. 2022) are those of ddim.
    "euler": lambda eta: Ddim(),
    "euler_ancestral": lambda eta: Ddim(1.0),
}


def sampler_of(name: str, eta: float = 0.0) -> Sampler:
    """The sampler of a name.

    Args:
        name: see `SAMPLERS`.
        eta: of ddim, in [0, 1].

    Raises:
        UserError: unknown name, or `eta` out of range.
    """
    if name not in SAMPLERS:
        hint = did_you_mean(name, SAMPLERS) or "see the known ones"
        raise UserError(f"sampler: {name!r} is not known; {hint}\n  known: {', '.join(SAMPLERS)}")
    return SAMPLERS[name](eta)
