from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from framework_glide.diffusion.process import Diffusion

SCHEDULES = ("linear", "squaredcos_cap_v2")


class Reference:
    """The published implementation's tensors by key."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as archive:
            self.arrays = {name: archive[name] for name in archive.files}

    def __call__(self, *parts: object) -> Tensor:
        return torch.from_numpy(self.arrays["/".join(map(str, parts))])

    def keys(self, start: str, end: str) -> list[str]:
        return [name for name in self.arrays if name.startswith(start) and name.endswith(end)]


@pytest.fixture(scope="session")
def tensors(reference: Path) -> Reference:
    return Reference(reference / "diffusion.npz")


class Toy(NamedTuple):
    """The network and the gradient the reference tensors were made with."""

    network: Callable[[Tensor, Tensor], Tensor]
    gradient: Callable[[Tensor, Tensor], Tensor]


def _network(x: Tensor, timesteps: Tensor) -> Tensor:
    t = timesteps.float().reshape(-1, 1, 1, 1)
    return torch.cat([torch.tanh(0.5 * x + 0.001 * t - 0.3), torch.sin(x + 0.002 * t)], dim=1)


def _gradient(x: Tensor, timesteps: Tensor) -> Tensor:
    return -0.1 * x + 1e-4 * timesteps.float().reshape(-1, 1, 1, 1)


@pytest.fixture(scope="session")
def toy() -> Toy:
    return Toy(_network, _gradient)


class Gaussian:
    """Data of which every pixel is normal: the best network and every probability are known."""

    mean, deviation = 0.3, 0.5

    def __init__(self, diffusion: Diffusion) -> None:
        self.abar = torch.tensor(Diffusion(diffusion.schedule, diffusion.steps).alphas_cumprod)

    def spread(self, timestep: int) -> tuple[float, float]:
        """Mean and standard deviation of x_t."""
        abar = float(self.abar[timestep])
        return abar**0.5 * self.mean, (abar * self.deviation**2 + 1 - abar) ** 0.5

    def network(self, x: Tensor, timesteps: Tensor) -> Tensor:
        """E[eps | x_t]."""
        abar = self.abar[timesteps].reshape(-1, 1, 1, 1).to(x)
        return (1 - abar).sqrt() * (x - abar.sqrt() * self.mean) / (abar * self.deviation**2 + 1 - abar)


@pytest.fixture(scope="session")
def gaussian() -> type[Gaussian]:
    return Gaussian
