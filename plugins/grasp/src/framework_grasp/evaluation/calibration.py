"""grasp/calibration: whether grasps succeed as often as the evaluator expects."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from framework.report import Report, Table
from framework_grasp.arrays import Array
from framework_grasp.evaluation.config import CalibrationConfig
from framework_grasp.evaluation.figures import reliability
from framework_grasp.evaluation.held_out import batches
from framework_grasp.planning.grasper import grasper_of


class Calibration:
    """Compares the evaluator's probabilities with the outcomes of recorded trials.

    Args:
        config: the parameters.
    """

    def __init__(self, config: CalibrationConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Compare.

        Raises:
            UserError: there is no evaluator, or no such split.
        """
        config, grasper = self.config, grasper_of(algorithm)
        device = next(grasper.parameters()).device
        expected, success = [], []
        for batch in batches(environment, config.split, config.batch_size, "grasp/calibration"):
            here = batch.to(device)
            expected.append(grasper.probability(here.reliefs, here.grasps).cpu().flatten())
            success.append(batch.success.flatten())
        p, y = torch.cat(expected).double().numpy(), torch.cat(success).double().numpy()
        which = np.minimum((p * config.bins).astype(int), config.bins - 1)
        counts = np.bincount(which, minlength=config.bins).astype(np.float64)
        with np.errstate(invalid="ignore"):
            mean = np.bincount(which, p, config.bins) / counts
            share = np.bincount(which, y, config.bins) / counts
        filled = counts > 0
        gap = np.abs(mean - share)[filled]
        log = np.where(y > 0, np.log(np.maximum(p, 1e-12)), np.log(np.maximum(1 - p, 1e-12)))
        report = Report(
            {
                "calibration_error": float((gap * counts[filled]).sum() / counts.sum()),
                "brier": float(((p - y) ** 2).mean()),
                "cross_entropy": float(-log.mean()),
                "accuracy": float(((p > 0.5) == y).mean()),
                "base_rate": float(y.mean()),
            }
        )
        if 0 < y.mean() < 1:
            report.metrics["auc"] = area_under_roc(p, y)
        report.tables["calibration"] = Table(
            ["from", "to", "trials", "expected", "succeeded"],
            [
                [i / config.bins, (i + 1) / config.bins, int(counts[i]), float(mean[i]), float(share[i])]
                for i in np.flatnonzero(filled).tolist()
            ],
            caption=f"Trials of the split {config.split}, by the probability that the evaluator gave.",
        )
        report.figures["calibration"] = reliability(mean, share, counts)
        return report


def area_under_roc(scores: Array, labels: Array) -> float:
    """The probability that a success has a higher score than a failure, equal ones counting half.

    Args:
        scores: `(n,)`.
        labels: 1 or 0, both among them, `(n,)`.
    """
    _, rank, count = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count - 1) / 2  # mean rank of each score, from 1
    wins = labels.sum()
    return float((middle[rank][labels > 0].sum() - wins * (wins + 1) / 2) / (wins * (len(labels) - wins)))
