"""Ways to choose a grasp, all in one scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from framework_grasp.arrays import Array
from framework_grasp.evaluation import heuristics
from framework_grasp.evaluation.config import SuccessConfig
from framework_grasp.evaluation.situations import Situation
from framework_grasp.planning.grasper import Grasper
from framework_grasp.planning.planner import Proposals
from framework_grasp.proposals import antipodal

#: Names of what is measured; those with a number of proposals end in it.
GREEDY, BEAM, SAMPLE = "planner, greedy", "planner, beam + evaluator", "planner, one sample"
SAMPLES, UNIFORMS = "planner + evaluator", "uniform + evaluator"
HEURISTIC, ANTIPODAL, UNIFORM = "centroid and principal axes", "antipodal on true geometry", "uniform"


def numbered(method: str, proposals: int) -> str:
    """The name of a method with its number of proposals: "planner + evaluator, 40"."""
    return f"{method}, {proposals}"


@dataclass
class Chosen:
    """Grasps to be tried in a scene.

    Attributes:
        grasps: by method, `(n, d)`: one, or several whose mean success counts.
        probability: of the methods' grasp, where an evaluator judged it.
    """

    grasps: dict[str, Array] = field(default_factory=dict)
    probability: dict[str, float] = field(default_factory=dict)

    def add(self, method: str, grasps: Array | Tensor, probability: float | None = None) -> None:
        found = grasps.double().cpu().numpy() if isinstance(grasps, Tensor) else grasps
        self.grasps[method] = found.reshape(-1, found.shape[-1])
        if probability is not None:
            self.probability[method] = probability


class Methods:
    """Chooses grasps by every method.

    Args:
        grasper: what is judged.
        compared: others, by name.
        config: numbers of proposals.
    """

    def __init__(self, grasper: Grasper, compared: Mapping[str, Grasper], config: SuccessConfig) -> None:
        self.grasper, self.compared, self.config = grasper, compared, config

    @property
    def most(self) -> int:
        """As many grasps are tried in a scene, at most."""
        config = self.config
        return 4 + 3 * config.tries + len(config.proposals) + len(config.uniform) + 2 * len(self.compared)

    @torch.no_grad()
    def __call__(self, situation: Situation, random: np.random.Generator) -> Chosen:
        """Choose, by what is seen alone but for the antipodal one, which is told the geometry."""
        config, grasper, found = self.config, self.grasper, Chosen()
        seen = relief(situation.depth, grasper)
        generator = torch.Generator().manual_seed(int(random.integers(2**62)))
        planner, dimensions = grasper.planner, grasper.sight.dimensions
        most = max(*config.proposals, config.tries)
        samples = planner.propose(seen, most, "sample", generator)
        found.add(SAMPLE, samples.grasps[0, : config.tries])
        found.add(GREEDY, planner.propose(seen, 1, "greedy", generator).grasps[0])
        if grasper.evaluator is not None:
            self._best(found, grasper, seen, SAMPLES, samples, config.proposals)
            plan = grasper.plan(seen, config.beam, "beam", generator)
            found.add(BEAM, plan.grasps, float(plan.probability[0]))
        for name, other in self.compared.items():
            theirs = relief(situation.depth, other)
            found.add(f"{name}, greedy", other.planner.propose(theirs, 1, "greedy", generator).grasps[0])
            if grasper.evaluator is not None:
                # The same evaluator chooses: what differs is who proposes.
                drawn = other.planner.propose(theirs, max(config.proposals), "sample", generator)
                self._best(found, grasper, seen, f"{name} + evaluator", drawn, [max(config.proposals)])
        most = max(*config.uniform, config.tries) if config.uniform else config.tries
        anywhere = heuristics.uniform(situation.depth[0], most, random, dimensions)
        found.add(UNIFORM, anywhere[: config.tries])
        if grasper.evaluator is not None and config.uniform:
            drawn = Proposals(torch.as_tensor(anywhere, dtype=torch.float32)[None], torch.zeros(1, most))
            self._best(found, grasper, seen, UNIFORMS, drawn, config.uniform)
        if dimensions == 4:
            found.add(HEURISTIC, heuristics.principal_axes(situation.depth[0]))
        oracle = antipodal(situation.bench, config.tries, random, config.friction, dimensions)
        if len(oracle):
            found.add(ANTIPODAL, oracle)
        return found

    def _best(
        self,
        found: Chosen,
        grasper: Grasper,
        seen: Tensor,
        method: str,
        proposals: Proposals,
        counts: tuple[int, ...] | list[int],
    ) -> None:
        """The best of the first proposals, of each number of them."""
        probability = grasper.probability(seen, proposals.grasps)[0]
        for count in counts:
            best = int(probability[:count].argmax())
            found.add(numbered(method, count), proposals.grasps[0, best], float(probability[best]))


def relief(depth: NDArray[Any], grasper: Grasper) -> Tensor:
    """A scene as a grasper takes it: the views it wants, `(1, views, h, w)`, on its device."""
    device = next(grasper.parameters()).device
    return torch.as_tensor(depth[: grasper.sight.views], dtype=torch.float32, device=device)[None]
