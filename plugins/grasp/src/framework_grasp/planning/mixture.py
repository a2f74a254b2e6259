"""MixtureDensity: a mixture of Gaussians over grasps, and with one component a regression to the mean."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from framework_grasp.planning.buckets import YAW
from framework_grasp.planning.config import MixtureConfig
from framework_grasp.planning.encoder import DepthEncoder
from framework_grasp.planning.planner import GraspPlanner, Proposals, Proposing
from framework_grasp.planning.sight import Sight

#: Standard deviations are at least this share of the box, or a component could fall onto one grasp.
NARROWEST = 0.005
#: Concentrations of angles are at most this: some 1.4 degrees of a hand's half turn.
SHARPEST = 400.0


class MixtureDensity(GraspPlanner):
    """A mixture density network (Bishop 1994): what autoregressive planners are compared with.

    Each component is a normal distribution of every dimension; angles that go round have a von
    Mises distribution. A mixture of one is the regression that the paper says averages over modes.

    Args:
        sight: what it sees, and the box of grasps.
        config: the parameters.
    """

    def __init__(self, sight: Sight, config: MixtureConfig) -> None:
        super().__init__(sight, config)
        self.encoder = DepthEncoder(sight.views, sight.size, config.channels, config.features)
        self.components = config.components
        # A weight, and of each dimension a mean or a direction, and a width.
        self.outputs = 1 + 2 * sight.dimensions + 1  # yaw's direction has two numbers
        self.read = nn.Sequential(
            nn.Linear(config.features, config.width),
            nn.SiLU(),
            nn.Linear(config.width, config.components * self.outputs),
        )

    def mixture(self, reliefs: Tensor) -> Mixture:
        """The mixtures of scenes `(b, views, h, w)`."""
        raw = self.read(self.encoder(reliefs).whole).unflatten(1, (self.components, self.outputs))
        weight, *others = raw.unbind(-1)
        means, spreads = [], []
        for k in range(len(self.buckets)):
            if k == YAW:
                x, y, spread, *others = others
                turn = torch.atan2(y, x + 1e-6) / (2 * math.pi)  # in -0.5..0.5 of the whole
                means.append(turn + 0.5)
                spreads.append(nn.functional.softplus(spread).clamp(max=SHARPEST))
            else:
                mean, spread, *others = others
                means.append(mean + 0.5)
                spreads.append(NARROWEST + nn.functional.softplus(spread - 1))
        return Mixture(weight.log_softmax(dim=1), torch.stack(means, 2), torch.stack(spreads, 2))

    def log_density(self, reliefs: Tensor, grasps: Tensor, scenes: Tensor) -> Tensor:
        mixture = self.mixture(reliefs)
        return self._log_density(Mixture(*(part[scenes] for part in mixture)), grasps[:, None])[:, 0]

    def propose(
        self,
        reliefs: Tensor,
        count: int,
        how: Proposing = "sample",
        generator: torch.Generator | None = None,
    ) -> Proposals:
        """As of every planner; of a beam, the means of the components."""
        mixture = self.mixture(reliefs)
        if how == "sample":
            grasps = self._sample(mixture, count, generator)
            return Proposals(grasps, self._log_density(mixture, grasps))
        means = self._grasps(mixture.means)
        found = self._log_density(mixture, means)
        best = found.topk(min(1 if how == "greedy" else count, self.components), dim=1)
        chosen = means.gather(1, best.indices[..., None].expand(-1, -1, means.shape[2]))
        return Proposals(chosen, best.values)

    def _log_density(self, mixture: Mixture, grasps: Tensor) -> Tensor:
        """Of grasps `(b, n, d)` in mixtures of b: `(b, n)`."""
        place = self._places(grasps)[:, :, None]  # (b, n, 1, d)
        total = mixture.weights[:, None]
        for k in range(len(self.buckets)):
            mean, spread, at = mixture.means[:, None, :, k], mixture.spreads[:, None, :, k], place[..., k]
            if k == YAW:
                # log I0 without overflow.
                log_bessel = torch.special.i0e(spread).log() + spread
                total = total + spread * torch.cos(2 * math.pi * (at - mean)) - log_bessel
            else:
                total = total - 0.5 * ((at - mean) / spread) ** 2 - spread.log() - 0.5 * math.log(2 * math.pi)
        box = (self.buckets.high - self.buckets.low).log().sum()
        return total.logsumexp(dim=2) - box

    def _sample(self, mixture: Mixture, count: int, generator: torch.Generator | None) -> Tensor:
        b, device = len(mixture.weights), mixture.weights.device
        reached = mixture.weights.exp().cumsum(dim=1)
        at = torch.rand((b, count), generator=generator).to(device) * reached[:, -1:]
        which = torch.searchsorted(reached, at, right=True).clamp_(max=self.components - 1)
        rows = torch.arange(b, device=device)[:, None]
        means, spreads = mixture.means[rows, which], mixture.spreads[rows, which]
        places = []
        for k in range(len(self.buckets)):
            if k == YAW:
                # The draw is global to the process only where no generator is given.
                turn = _von_mises(spreads[..., k].cpu(), generator).to(device) / (2 * math.pi)
            else:
                turn = torch.randn((b, count), generator=generator).to(device) * spreads[..., k]
            places.append(means[..., k] + turn)
        return self._grasps(torch.stack(places, dim=2))

    def _places(self, grasps: Tensor) -> Tensor:
        """Grasps within the box, 0 to 1."""
        return (self.buckets.clamped(grasps) - self.buckets.low) / (self.buckets.high - self.buckets.low)

    def _grasps(self, places: Tensor) -> Tensor:
        grasps = self.buckets.low + places * (self.buckets.high - self.buckets.low)
        return self.buckets.clamped(grasps)


class Mixture(NamedTuple):
    """Mixtures of b scenes, within the box from 0 to 1.

    Attributes:
        weights: logarithms, `(b, k)`.
        means: `(b, k, d)`.
        spreads: standard deviations, or concentrations of angles, `(b, k, d)`.
    """

    weights: Tensor
    means: Tensor
    spreads: Tensor


def _von_mises(concentration: Tensor, generator: torch.Generator | None) -> Tensor:
    """Angles about 0, rad, drawn from their distribution's inverse on a fine grid."""
    grid = torch.linspace(-math.pi, math.pi, 2049)
    density = (concentration[..., None] * (grid.cos() - 1)).exp()
    reached = density.cumsum(dim=-1)
    at = torch.rand((*concentration.shape, 1), generator=generator) * reached[..., -1:]
    return grid[torch.searchsorted(reached, at).clamp_(max=len(grid) - 1)][..., 0]
