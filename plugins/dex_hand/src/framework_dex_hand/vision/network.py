"""A network that sees where the object is: one tower for all cameras (section 5.1, figure 6)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from framework.runs.weights import load_weights
from framework.supervised.precision import autocast
from framework_dex_hand.vision.config import PoseCNNConfig
from framework_dex_hand.vision.renders import VIEWS

#: Height and width of the grid that says what is seen where.
GRID = 4


class PoseCNN(nn.Module):
    """Position and rotation of the object from three pictures of any size.

    Each layer of the tower halves a picture. At its end a spatial softmax (Levine et al. 2016) says where
    in the picture each channel sees something, and a coarse grid what is seen there: turns about the line of
    sight show in that alone. Two hidden layers join what all cameras say. Rotations come as two columns
    that are made orthonormal, in which they are continuous (Zhou et al. 2019).

    Args:
        config: the parameters.

    Attributes:
        example: of what `forward` takes.
    """

    def __init__(self, config: PoseCNNConfig) -> None:
        super().__init__()
        self.precision = config.precision
        layers: list[nn.Module] = []
        before = 3
        for channels in config.channels:
            layers += [nn.Conv2d(before, channels, 3, stride=2, padding=1), nn.GroupNorm(1, channels)]
            layers += [nn.ReLU()]
            before = channels
        self.tower = nn.Sequential(*layers)
        seen = (GRID**2 + 2) * before
        self.joined = nn.Sequential(
            nn.Linear(len(VIEWS) * seen, config.units),
            nn.ReLU(),
            nn.Linear(config.units, config.units),
            nn.ReLU(),
        )
        self.position = nn.Linear(config.units, 3)
        self.rotation = nn.Linear(config.units, 6)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Positions `(n, 3)`, m, and rotation matrices `(n, 3, 3)`.

        Args:
            pictures: `(n, cameras, 3, height, width)` uint8.
        """
        n = len(pictures)
        shown = (pictures.flatten(0, 1).float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
        with autocast(self.precision, pictures.device):
            seen = self.tower(shown)
        seen = seen.float().contiguous()
        grid = F.adaptive_avg_pool2d(seen, GRID).flatten(1)
        found = self.joined(torch.cat([grid, _places(seen)], dim=1).reshape(n, -1))
        # In decimetres, so that errors of all outputs are of one size.
        return self.position(found) / 10, _rotation(self.rotation(found).reshape(-1, 3, 2))


def _places(seen: Tensor) -> Tensor:
    """Where each channel is strongest, `(b, 2 channels)` in [-1, 1], of `(b, channels, height, width)`."""
    rows, columns = (torch.linspace(-1, 1, side, device=seen.device) for side in seen.shape[2:])
    share = seen.flatten(2).softmax(-1).reshape(seen.shape)
    return torch.cat([share.sum(3) @ rows, share.sum(2) @ columns], dim=1)


def _rotation(columns: Tensor) -> Tensor:
    """Rotation matrices `(n, 3, 3)` from their first two columns, `(n, 3, 2)`, by Gram and Schmidt."""
    first = F.normalize(columns[..., 0], dim=-1)
    second = columns[..., 1] - (first * columns[..., 1]).sum(-1, keepdim=True) * first
    second = F.normalize(second, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


def make_pose_cnn(environment: Any, config: PoseCNNConfig) -> PoseCNN:
    """The network, whatever the environment's pictures are.

    Raises:
        UserError: the weights do not fit.
    """
    model = PoseCNN(config)
    if config.weights is not None:
        load_weights(model, config.weights)
    return model
