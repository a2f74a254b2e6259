"""grasp/log_likelihood: how probable planners find the grasps that succeeded in scenes never seen."""

from __future__ import annotations

from typing import Any

import torch

from framework.errors import UserError
from framework.report import Report, Table
from framework_grasp.evaluation.config import LikelihoodConfig
from framework_grasp.evaluation.held_out import batches
from framework_grasp.planning.grasper import grasper_of, load


class LogLikelihood:
    """Mean log-density of the successful grasps of a split, in nats, of each planner.

    Densities are per m³ rad (with six dimensions, per m³ rad³), so that planners with buckets and
    without are compared. Grasps outside of a planner's box count as those at its edge.

    Args:
        config: the parameters.
    """

    def __init__(self, config: LikelihoodConfig) -> None:
        self.config = config

    @torch.no_grad()
    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Measure.

        Raises:
            UserError: there is no such split, or nothing succeeded in it.
        """
        config, own = self.config, grasper_of(algorithm)
        planners = {"planner": own.planner}
        planners |= {name: load(path).planner for name, path in config.compared.items()}
        sums = dict.fromkeys(planners, 0.0)
        count, outside = 0, 0
        for batch in batches(environment, config.split, config.batch_size, "grasp/log_likelihood"):
            grasps, scenes = batch.successful()
            for name, planner in planners.items():
                device = planner.buckets.low.device
                density = planner.log_density(*(x.to(device) for x in (batch.reliefs, grasps, scenes)))
                sums[name] += float(density.double().sum())
            outside += int((~own.planner.buckets.inside(grasps.to(own.planner.buckets.low.device))).sum())
            count += len(grasps)
        if not count:
            raise UserError(f"grasp/log_likelihood: no grasp succeeded in the split {config.split!r}")
        box = own.planner.buckets.high - own.planner.buckets.low
        uniform = -float(box.double().log().sum())
        report = Report({name: total / count for name, total in sums.items()})
        report.metrics |= {"uniform": uniform, "outside": outside / count}
        report.tables["log-likelihood"] = Table(
            ["planner", "nats per grasp", "above uniform"],
            [
                *([name, total / count, total / count - uniform] for name, total in sums.items()),
                ["uniform", uniform, 0.0],
            ],
            caption=f"{count} successful grasps of the split {config.split}.",
        )
        return report
