"""Training the network on pictures (section 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from framework.errors import UserError
from framework.sim.rotations import Array, matrix
from framework.supervised.algorithm import Descent
from framework.supervised.order import Shuffled
from framework_dex_hand.vision.config import PoseConfig
from framework_dex_hand.vision.network import PoseCNN
from framework_dex_hand.vision.renders import FEATURES, VIEWS


class Pictures:
    """The pictures of a split in memory, and where the object is in them.

    Args:
        environment: as `dex_hand/poses` builds it.
        split: of it.

    Attributes:
        views: `(n, cameras, 3, height, width)` uint8.
        position: `(n, 3)` float32; m.
        rotation: `(n, 3, 3)` float32, matrices.

    Raises:
        UserError: it has no such split or other columns.
    """

    def __init__(self, environment: Any, split: str) -> None:
        if split not in environment or set(FEATURES) - set(environment[split].column_names):
            raise UserError(
                f"dex_hand's pictures have a split {split!r} with {', '.join(FEATURES)}, and this has not\n"
                "  its environment is dex_hand/poses; the split that is not trained on is `held_out` of it"
            )
        rows = environment[split].with_format(None)
        views = [np.stack([np.asarray(row[name]) for name in VIEWS]) for row in rows]
        self.views: Tensor = torch.from_numpy(np.stack(views)).movedim(-1, 2).contiguous()
        self.position: Tensor = torch.tensor(rows["position"][:])
        turned: Array = np.asarray(rows["rotation"][:], np.float64)
        self.rotation: Tensor = torch.from_numpy(matrix(turned).astype(np.float32))

    def __len__(self) -> int:
        return len(self.views)


class Pose(Descent):
    """Least squares of the position and of the rotation matrix.

    Args:
        environment: with a split `train`.
        model: the network.
        config: the parameters.

    Raises:
        UserError: the environment has no such pictures, or the model is none that reads them.
    """

    def __init__(self, environment: Any, model: PoseCNN, config: PoseConfig) -> None:
        super().__init__(config)
        if not isinstance(model, PoseCNN):
            raise UserError(f"dex_hand/pose trains dex_hand/pose_cnn, not a {type(model).__name__}")
        self.model, self.config = model, config
        self.pictures = Pictures(environment, "train")
        self.order = Shuffled(range(len(self.pictures)), config.seed)

    @property
    def learned(self) -> PoseCNN:
        return self.model

    @property
    def total_steps(self) -> int:
        return self.config.steps

    def accumulate(self) -> Mapping[str, float]:
        world = self.world_size
        # Every process draws the same rows and learns from its share of them.
        rows = torch.tensor(self.order.take(self.config.batch_size * world)[self.global_rank :: world])
        views, position, rotation = (
            of[rows].to(self.device)
            for of in (self.pictures.views, self.pictures.position, self.pictures.rotation)
        )
        at, turned = self.model(views)
        apart = (100 * (at - position)).square().sum(1).mean()
        twisted = (turned - rotation).square().sum((1, 2)).mean()
        self.manual_backward(self.config.position_weight * apart + twisted)
        return {"position": float(apart.detach()), "rotation": float(twisted.detach())}

    def data_state(self) -> dict[str, Any]:
        return self.order.state_dict()

    def load_data_state(self, state: dict[str, Any]) -> None:
        self.order.load_state_dict(state)
