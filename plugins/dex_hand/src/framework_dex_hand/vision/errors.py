"""How far the network is from where the object is: millimetres and degrees (section 6.6, table 7)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from framework.errors import UserError
from framework.report import Report, Table
from framework.sim.rotations import Array
from framework_dex_hand.vision.config import PoseErrorConfig
from framework_dex_hand.vision.network import PoseCNN
from framework_dex_hand.vision.training import Pictures


class PoseError:
    """Errors of the stage's network in the split `test` of the environment.

    Args:
        config: the parameters.
    """

    def __init__(self, config: PoseErrorConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Read every picture and compare.

        Raises:
            UserError: the model is no `dex_hand/pose_cnn`, or the environment holds no such pictures.
        """
        model = getattr(algorithm, "model", algorithm)
        if not isinstance(model, PoseCNN):
            raise UserError(
                f"dex_hand/pose_error judges dex_hand/pose_cnn, not the model of {type(algorithm).__name__}"
            )
        pictures = Pictures(environment, "test")
        device = next(model.parameters()).device
        apart, turned = [], []
        with torch.no_grad():
            for first in range(0, len(pictures), self.config.batch_size):
                rows = slice(first, first + self.config.batch_size)
                position, rotation = (x.cpu().double() for x in model(pictures.views[rows].to(device)))
                apart.append(1000 * (position - pictures.position[rows]).norm(dim=1))
                # Of the rotation from one to the other, whose trace is 1 + 2 cos(angle).
                trace = (rotation * pictures.rotation[rows]).sum((1, 2))
                turned.append(torch.rad2deg(((trace - 1) / 2).clamp(-1, 1).acos()))
        return _report(torch.cat(apart).numpy(), torch.cat(turned).numpy())


def _report(millimetres: Array, degrees: Array) -> Report:
    found = {"mm": millimetres, "degrees": degrees}
    metrics: dict[str, float] = {}
    rows: list[list[Any]] = []
    for name, values in found.items():
        middle, most = np.quantile(values, [0.5, 0.9]).tolist()
        metrics |= {name: float(values.mean()), f"{name}_median": middle}
        rows.append([name, float(values.mean()), middle, most])
    report = Report(metrics=metrics)
    columns = ["error", "mean", "median", "90% are below"]
    report.tables["errors"] = Table(
        columns, rows, caption=f"Of {len(degrees)} states, from three cameras each."
    )
    return report
