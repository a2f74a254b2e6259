"""GraspPlanner: a distribution over grasps of what depth views show."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from framework_grasp.planning.buckets import Buckets
from framework_grasp.planning.config import PlannerConfig
from framework_grasp.planning.sight import Sight
from framework_grasp.proposals import TILT

#: How proposals are made: independent samples, the likeliest that a beam finds, or the single greedy one.
Proposing: TypeAlias = Literal["sample", "beam", "greedy"]


class Proposals(NamedTuple):
    """Grasps that a planner proposes.

    Attributes:
        grasps: `(b, n, d)`: x, y, z in m, then angles in rad.
        log_density: of each, `(b, n)`, in log(1 / (m³ rad)) for four dimensions.
    """

    grasps: Tensor
    log_density: Tensor


class GraspPlanner(nn.Module, ABC):
    """p(grasp | depth views), whose density is exact.

    Args:
        sight: what it sees, and the box of grasps.
        config: the parameters that built it.
        buckets: per dimension.

    Attributes:
        buckets: the box, and its buckets.
    """

    def __init__(self, sight: Sight, config: PlannerConfig, buckets: int = 1) -> None:
        super().__init__()
        self.sight, self.config = sight, config
        angles = [math.pi / 2, TILT, TILT][: sight.dimensions - 3]
        low = [-config.reach, -config.reach, 0.0, *(-angle for angle in angles)]
        high = [config.reach, config.reach, config.top, *angles]
        self.buckets = Buckets(low, high, [buckets] * sight.dimensions)

    @abstractmethod
    def log_density(self, reliefs: Tensor, grasps: Tensor, scenes: Tensor) -> Tensor:
        """Log-density of grasps, `(n,)`.

        Args:
            reliefs: `(b, views, h, w)`, heights in m, NaN where nothing is measured.
            grasps: `(n, d)`; those outside of the box are moved to its edge.
            scenes: which of the b each is of, `(n,)`.
        """

    @abstractmethod
    def propose(
        self,
        reliefs: Tensor,
        count: int,
        how: Proposing = "sample",
        generator: torch.Generator | None = None,
    ) -> Proposals:
        """Propose grasps; of a beam the best come first.

        Args:
            reliefs: `(b, views, h, w)`.
            count: for each scene; a greedy proposal is one.
            how: they are made.
            generator: on the CPU.
        """

    def forward(self, reliefs: Tensor) -> Tensor:
        """The greedy grasp of each scene, `(b, d)`."""
        return self.propose(reliefs, 1, "greedy").grasps[:, 0]
