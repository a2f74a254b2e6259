"""grasp/plan_time: how long a plan takes."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from framework.report import Report, Table
from framework_grasp.evaluation.config import PlanTimeConfig
from framework_grasp.planning.grasper import grasper_of

#: Plans that are not timed: the first ones make memory and choose algorithms.
WARM_UP = 5


class PlanTime:
    """Time of a plan for one scene: reading the views, proposing, evaluating, choosing.

    Args:
        config: the parameters.
    """

    def __init__(self, config: PlanTimeConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        grasper, rows, report = grasper_of(algorithm), [], Report()
        sight = grasper.sight
        generator = torch.Generator().manual_seed(0)
        device = next(grasper.parameters()).device
        # What is seen changes no time.
        seen = 0.1 * torch.rand((1, sight.views, *sight.size), generator=generator).to(device)
        for count in self.config.proposals:
            cpu, wall = [], []
            for number in range(WARM_UP + self.config.plans):
                started, ticked = time.process_time(), time.perf_counter()
                grasper.plan(seen, count, "sample", generator).grasps.cpu()
                if number >= WARM_UP:
                    cpu.append(1e3 * (time.process_time() - started))
                    wall.append(1e3 * (time.perf_counter() - ticked))
            report.metrics[f"cpu_ms/{count}"] = float(np.median(cpu))
            rows.append([count, *(float(np.median(x)) for x in (cpu, wall)), float(np.quantile(wall, 0.95))])
        report.tables["time of a plan"] = Table(
            ["proposals", "CPU ms", "ms", "ms, 95% of plans"],
            rows,
            caption=f"Medians of {self.config.plans} plans, {torch.get_num_threads()} threads.",
        )
        return report
