"""GraspEvaluator: the probability that a grasp succeeds (section III-C of the paper: alpha)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from framework_grasp.planning.config import EvaluatorConfig
from framework_grasp.planning.crop import crops, from_hand, middles
from framework_grasp.planning.encoder import UNIT, Block
from framework_grasp.planning.sight import Sight


class GraspEvaluator(nn.Module):
    """Looks at the view from above where the hand would be, as it would be turned.

    Args:
        sight: what it sees, and the box of grasps.
        config: the parameters.
    """

    def __init__(self, sight: Sight, config: EvaluatorConfig) -> None:
        super().__init__()
        self.sight, self.config = sight, config
        channels, self.size = config.channels, (config.rows, config.columns)
        self.convolutions = nn.Sequential(
            Block(2, channels), Block(channels, 2 * channels, 2), Block(2 * channels, 4 * channels, 2)
        )
        rows, columns = (-(-n // 4) for n in self.size)
        self.cell = (config.height, config.width)
        # Besides the crop, what it does not show: how high the table is, how far from the hand an object's
        # weight acts, and how the hand is tilted.
        width = 4 * channels * rows * columns
        self.read = nn.Sequential(
            nn.Linear(width + sight.dimensions - 1, 8 * channels), nn.SiLU(), nn.Linear(8 * channels, 1)
        )

    def forward(self, reliefs: Tensor, grasps: Tensor, scenes: Tensor) -> Tensor:
        """Logits of success, `(n,)`.

        Args:
            reliefs: `(b, views, h, w)`, heights in m, NaN where nothing is measured.
            grasps: `(n, d)`.
            scenes: which of the b each is of, `(n,)`.
        """
        seen = crops(reliefs[:, 0], self.sight.camera, grasps, scenes, self.size, self.cell)
        weight = from_hand(middles(reliefs[:, 0], self.sight.camera)[scenes], grasps)
        others = torch.cat([grasps[:, 2:3] / UNIT, weight / UNIT, grasps[:, 4:]], dim=1)
        logits: Tensor = self.read(torch.cat([self.convolutions(seen).flatten(1), others], dim=1))
        return logits[:, 0]
