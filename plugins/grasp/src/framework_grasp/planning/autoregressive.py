"""AutoregressivePlanner: grasps one dimension after another (section III-C of the paper)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from framework_grasp.planning.config import AutoregressiveConfig
from framework_grasp.planning.encoder import DepthEncoder
from framework_grasp.planning.planner import GraspPlanner, Proposals, Proposing
from framework_grasp.planning.search import beam, sample
from framework_grasp.planning.sight import Sight

#: Dimensions that say where on the table.
PLANE = 2


class AutoregressivePlanner(GraspPlanner):
    """p(x) p(y | x) p(z | x, y) p(yaw | x, y, z), each over buckets.

    Where on the table is read from a map that is aligned with the view from above, so that what
    is learned about a shape holds wherever it lies; the other dimensions are read from the map's
    features there, from the scene's and from the dimensions before.

    Args:
        sight: what it sees, and the box of grasps.
        config: the parameters.
    """

    def __init__(self, sight: Sight, config: AutoregressiveConfig) -> None:
        super().__init__(sight, config, config.buckets)
        self.encoder = DepthEncoder(sight.views, sight.size, config.channels, config.features)
        width, there = config.width, self.encoder.channels + config.features
        self.where = nn.Sequential(nn.Linear(there, width), nn.SiLU(), nn.Linear(width, 1))
        self.heads = nn.ModuleList()
        before = 0
        for count in self.buckets.counts[PLANE:]:
            self.heads.append(
                nn.Sequential(
                    nn.Linear(there + before, width),
                    nn.SiLU(),
                    nn.Linear(width, width),
                    nn.SiLU(),
                    nn.Linear(width, count),
                )
            )
            before += count

    def read(self, reliefs: Tensor) -> Factors:
        """The conditional distributions of scenes `(b, views, h, w)`."""
        encoded = self.encoder(reliefs)
        columns, rows = self.buckets.counts[:PLANE]
        numbers = torch.cartesian_prod(
            torch.arange(columns, device=reliefs.device), torch.arange(rows, device=reliefs.device)
        )
        centres = self.buckets.low[:PLANE] + (numbers + 0.5) * self.buckets.width[:PLANE]
        there = self.sight.camera.look(encoded.map, centres)
        there = torch.cat([there, encoded.whole[:, None].expand(-1, there.shape[1], -1)], dim=2)
        where = self.where(there)[..., 0].log_softmax(dim=1)
        b = reliefs.shape[0]  # len() would fix the batch of an exported model
        return Factors(self, there.reshape(b, columns, rows, -1), where.reshape(b, columns, rows))

    def log_density(self, reliefs: Tensor, grasps: Tensor, scenes: Tensor) -> Tensor:
        numbers, factors = self.buckets.encode(grasps), self.read(reliefs)
        total = grasps.new_zeros(len(grasps))
        for k in range(len(self.buckets)):
            logs = factors.rows(numbers[:, :k], scenes)
            total = total + logs.gather(1, numbers[:, k : k + 1])[:, 0]
        return total - self.buckets.log_volume

    def propose(
        self,
        reliefs: Tensor,
        count: int,
        how: Proposing = "sample",
        generator: torch.Generator | None = None,
    ) -> Proposals:
        factors, device = self.read(reliefs), reliefs.device
        if how == "sample":
            found = sample(factors, count, generator, device)
            within: Tensor | float = torch.rand(found.numbers.shape, generator=generator).to(device)
        else:
            found, within = beam(factors, 1 if how == "greedy" else count, device), 0.5
        return Proposals(
            self.buckets.decode(found.numbers, within), found.log_probability - self.buckets.log_volume
        )


class Factors:
    """The conditional distributions of some scenes.

    Args:
        planner: whose.
        there: features of every place on the table, `(b, columns, rows, f)`.
        where: log-probabilities of the places, `(b, columns, rows)`.
    """

    def __init__(self, planner: AutoregressivePlanner, there: Tensor, where: Tensor) -> None:
        self.planner, self.there, self.where = planner, there, where
        self.counts: Sequence[int] = planner.buckets.counts
        self.scenes = where.shape[0]

    def log_probability(self, prefix: Tensor) -> Tensor:
        b, n, _ = prefix.shape
        scenes = torch.arange(b, device=prefix.device).repeat_interleave(n)
        return self.rows(prefix.flatten(0, 1), scenes).reshape(b, n, -1)

    def rows(self, prefix: Tensor, scenes: Tensor) -> Tensor:
        """Log-probabilities of the next dimension, `(n, counts[k])`, after `(n, k)` in scenes `(n,)`."""
        k = prefix.shape[1]
        if k == 0:
            return self.where.logsumexp(dim=2)[scenes]
        if k < PLANE:
            return self.where[scenes, prefix[:, 0]].log_softmax(dim=1)
        parts = [self.there[scenes, prefix[:, 0], prefix[:, 1]]]
        parts += [F.one_hot(prefix[:, i], self.counts[i]).to(parts[0]) for i in range(PLANE, k)]
        logits: Tensor = self.planner.heads[k - PLANE](torch.cat(parts, dim=1))
        return logits.log_softmax(dim=1)
