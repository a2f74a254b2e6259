"""The forward process, its posterior, and what a network's output says about the reverse process.

Notation of Ho et al. 2020 and Nichol & Dhariwal 2021: x0 is a clean picture, x_t a noisy one, eps
the noise in it, abar_t the share of the signal's variance that is left. An `index` counts the steps
of this, possibly respaced, process from 0 (cleanest); `timesteps[index]` is the original timestep,
the one networks are given. An index is an int for the whole batch, or a tensor (b,) of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from torch import Tensor

from framework_glide.diffusion import respacing as respacings
from framework_glide.diffusion.schedule import Array, betas

Index: TypeAlias = int | Tensor


class Prediction(NamedTuple):
    """What a network's output says about one step back.

    Attributes:
        mean: of p(x_{t-1} | x_t), (b, c, h, w).
        log_variance: of p(x_{t-1} | x_t), (b, c, h, w).
        x0: the clean picture, (b, c, h, w), after `denoised` and clipping.
        eps: the noise that is in x_t if `x0` is right, (b, c, h, w).
    """

    mean: Tensor
    log_variance: Tensor
    x0: Tensor
    eps: Tensor


class Diffusion:
    """A Gaussian diffusion process, whole or respaced.

    Args:
        schedule: "squaredcos_cap_v2" or "linear".
        steps: timesteps of the original process.
        respacing: which of them this process visits (`respacing.timesteps`); "" for all.

    Attributes:
        timesteps: the original timestep of each index, ascending.
        betas, alphas_cumprod, alphas_cumprod_prev, alphas_cumprod_next: float64 (len,).
        posterior_variance, posterior_log_variance_clipped: of q(x_{t-1} | x_t, x0), float64 (len,);
            the variance of index 0 is 0, its logarithm that of index 1.
        posterior_mean_coef1, posterior_mean_coef2: of x0 and of x_t in that posterior's mean.
        sqrt_alphas_cumprod, sqrt_one_minus_alphas_cumprod: of x0 and of eps in x_t.
        sqrt_recip_alphas_cumprod, sqrt_recipm1_alphas_cumprod: of x_t and of -eps in x0.

    Raises:
        UserError: unknown schedule or impossible respacing.
    """

    def __init__(self, schedule: str = "squaredcos_cap_v2", steps: int = 1000, respacing: str = "") -> None:
        self.schedule, self.steps, self.respacing = schedule, steps, respacing
        self.timesteps = respacings.timesteps(steps, respacing)
        kept = np.cumprod(1 - betas(schedule, steps))[self.timesteps]
        # A step of the shorter process adds what all the steps it jumps over add (section 4 there).
        self.betas: Array = 1 - kept / np.append(1.0, kept[:-1])
        abar = self.alphas_cumprod = np.cumprod(1 - self.betas)
        self.alphas_cumprod_prev: Array = np.append(1.0, abar[:-1])
        self.alphas_cumprod_next: Array = np.append(abar[1:], 0.0)
        left = 1 - self.alphas_cumprod_prev
        self.posterior_variance: Array = self.betas * left / (1 - abar)
        clipped = self.posterior_variance.copy()
        clipped[0] = clipped[1] if len(clipped) > 1 else self.betas[0]
        self.posterior_log_variance_clipped: Array = np.log(clipped)
        self.posterior_mean_coef1: Array = self.betas * np.sqrt(self.alphas_cumprod_prev) / (1 - abar)
        self.posterior_mean_coef2: Array = left * np.sqrt(1 - self.betas) / (1 - abar)
        self.log_betas: Array = np.log(self.betas)
        self.sqrt_alphas_cumprod: Array = np.sqrt(abar)
        self.sqrt_one_minus_alphas_cumprod: Array = np.sqrt(1 - abar)
        self.sqrt_recip_alphas_cumprod: Array = np.sqrt(1 / abar)
        self.sqrt_recipm1_alphas_cumprod: Array = np.sqrt(1 / abar - 1)
        self._tables: dict[tuple[str, torch.device], Tensor] = {}

    def __len__(self) -> int:
        return len(self.timesteps)

    def respaced(self, respacing: str) -> Diffusion:
        """The process that visits only some timesteps of the same original one."""
        return Diffusion(self.schedule, self.steps, respacing)

    def cleanest(self, count: int) -> Diffusion:
        """The process that visits only the `count` cleanest of the timesteps this one visits."""
        part = copy.copy(self)
        part._tables = {}
        for name, value in vars(self).items():
            if name == "timesteps" or isinstance(value, np.ndarray):
                setattr(part, name, value[:count])
        return part

    def at(self, name: str, index: Index) -> Tensor:
        """A coefficient by name, float32, for reckoning with pictures.

        Of an int: a tensor without dimensions on the CPU, which goes with pictures on any device. Of
        (b,): (b, 1, 1, 1) on the index' device. What is derived from it is so rounded as in the
        released implementation, which reckons in float32.
        """
        device = torch.device("cpu") if isinstance(index, int) else index.device
        table = self._tables.get((name, device))
        if table is None:
            table = torch.tensor(getattr(self, name), dtype=torch.float32, device=device)
            self._tables[name, device] = table
        return table[index] if isinstance(index, int) else table[index].reshape(-1, 1, 1, 1)

    def original(self, index: Index, batch: int, device: torch.device | str = "cpu") -> Tensor:
        """The original timesteps a network is given, int64 (batch,)."""
        if isinstance(index, int):
            return torch.full((batch,), self.timesteps[index], device=device)
        return torch.tensor(self.timesteps, device=index.device)[index]

    def q_sample(self, x0: Tensor, index: Index, noise: Tensor) -> Tensor:
        """x_t of q(x_t | x0): x0 with the noise of `index` added (Ho et al., equation 4).

        Args:
            x0: clean pictures, (b, c, h, w).
            index: int or (b,).
            noise: standard normal, (b, c, h, w).
        """
        return (
            self.at("sqrt_alphas_cumprod", index) * x0
            + self.at("sqrt_one_minus_alphas_cumprod", index) * noise
        )

    def q_posterior(self, x0: Tensor, x: Tensor, index: Index) -> tuple[Tensor, Tensor]:
        """Mean (b, c, h, w) and clipped log variance of q(x_{t-1} | x_t, x0) (Ho et al., equation 7).

        The log variance has no dimensions for an int, else it is (b, 1, 1, 1).
        """
        mean = self.at("posterior_mean_coef1", index) * x0 + self.at("posterior_mean_coef2", index) * x
        return mean, self.at("posterior_log_variance_clipped", index)

    def x0_from_eps(self, eps: Tensor, x: Tensor, index: Index) -> Tensor:
        """The clean picture if `eps` is the noise in `x`."""
        recip, recipm1 = (self.at(f"sqrt_{name}_alphas_cumprod", index) for name in ("recip", "recipm1"))
        return recip * x - recipm1 * eps

    def eps_from_x0(self, x0: Tensor, x: Tensor, index: Index) -> Tensor:
        """The noise in `x` if `x0` is the clean picture."""
        recip, recipm1 = (self.at(f"sqrt_{name}_alphas_cumprod", index) for name in ("recip", "recipm1"))
        return (recip * x - x0) / recipm1

    def log_variance(self, v: Tensor, index: Index) -> Tensor:
        """Log variance between the clipped posterior's (v = -1) and beta's (v = 1).

        Nichol & Dhariwal 2021, equation 15, with (v + 1) / 2 for their v.
        """
        share = (v + 1) / 2
        return share * self.at("log_betas", index) + (1 - share) * self.at(
            "posterior_log_variance_clipped", index
        )

    def prediction(
        self,
        output: Tensor,
        x: Tensor,
        index: Index,
        *,
        clip: bool = True,
        denoised: Callable[[Tensor], Tensor] | None = None,
    ) -> Prediction:
        """Read a network's output.

        Args:
            output: (b, 2c, h, w), eps and then v; or (b, c, h, w), eps alone, and the variance is the
                posterior's.
            x: x_t, (b, c, h, w).
            index: int or (b,).
            clip: keep x0 in [-1, 1].
            denoised: applied to x0 before clipping, such as pinning known pixels.
        """
        channels = x.shape[1]
        eps = output[:, :channels]
        x0 = self.x0_from_eps(eps, x, index)
        if denoised is not None:
            x0 = denoised(x0)
        if clip:
            x0 = x0.clamp(-1, 1)
        mean, fixed = self.q_posterior(x0, x, index)
        if output.shape[1] == channels:
            log_variance = fixed.to(x.device).expand_as(x)
        else:
            log_variance = self.log_variance(output[:, channels:], index)
        return Prediction(mean, log_variance, x0, self.eps_from_x0(x0, x, index))

    def shifted(self, prediction: Prediction, x: Tensor, index: Index, gradient: Tensor) -> Prediction:
        """The prediction with the noise moved along a classifier's gradient.

        eps - sqrt(1 - abar) * gradient (Dhariwal & Nichol 2021, algorithm 2): how samplers that
        follow eps are guided. x0 is not clipped again.

        Args:
            prediction: at x_t.
            x: x_t, (b, c, h, w).
            index: int or (b,).
            gradient: of log p(caption | x_t) by x_t, already scaled, (b, c, h, w).
        """
        eps = prediction.eps - (1 - self.at("alphas_cumprod", index)).sqrt() * gradient
        x0 = self.x0_from_eps(eps, x, index)
        mean, _ = self.q_posterior(x0, x, index)
        return Prediction(mean, prediction.log_variance, x0, self.eps_from_x0(x0, x, index))
