"""grasp/success: how often grasps succeed, by method, number of proposals and kind of object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from framework.errors import UserError
from framework.progress import counted
from framework.report import Report, Table
from framework_grasp.evaluation import methods
from framework_grasp.evaluation.config import Scale, SuccessConfig
from framework_grasp.evaluation.intervals import Rate
from framework_grasp.evaluation.methods import Chosen, Methods, numbered
from framework_grasp.evaluation.pictures import curves, distributions
from framework_grasp.evaluation.result import Result
from framework_grasp.evaluation.sets import ObjectSet, sets_of
from framework_grasp.evaluation.situations import Situation, situations
from framework_grasp.planning.grasper import Grasper, grasper_of, load
from framework_grasp.trials.trial import FAILURES

#: Methods that have a metric of their own, besides the best one.
SHORT = {
    methods.GREEDY: "greedy",
    methods.BEAM: "beam",
    methods.SAMPLE: "one_sample",
    methods.HEURISTIC: "heuristic",
    methods.ANTIPODAL: "antipodal",
    methods.UNIFORM: "uniform",
}


class Success:
    """Lays objects down, chooses grasps by every method, and tries them in simulation.

    All methods meet the same scenes. Each scene counts as much as any other; intervals count on
    scenes of one object being alike.

    Args:
        config: the parameters.
    """

    def __init__(self, config: SuccessConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        """Judge.

        Raises:
            UserError: the algorithm has no planner, a checkpoint is of something else, or there
                are no objects.
        """
        config, grasper = self.config, grasper_of(algorithm)
        compared = {name: load(path) for name, path in config.compared.items()}
        for name, other in compared.items():
            if other.sight != grasper.sight:
                raise UserError(f"compared.{name} sees other scenes: {other.sight}, not {grasper.sight}")
        choose, sets = Methods(grasper, compared, config), sets_of(config)
        best = methods.GREEDY
        if grasper.evaluator is not None:
            best = numbered(methods.SAMPLES, max(config.proposals))
        found = {(one.name, scale): Result(best, config.pictures) for one in sets for scale in config.scales}
        total = sum(one.scenes for one in sets) * len(config.scales)
        for key, situation, chosen in counted(self._scenes(sets, choose), total, "scenes"):
            found[key].try_out(situation, chosen)
        for (name, scale), result in found.items():
            if not result.objects:
                raise UserError(f"none of the {name} objects comes to rest at {scale} scale")
        return self._report(found, grasper, best)

    def _scenes(
        self, sets: list[ObjectSet], choose: Methods
    ) -> Iterator[tuple[tuple[str, Scale], Situation, Chosen]]:
        config, views = self.config, choose.grasper.sight.views
        for number, one in enumerate(sets):
            for scale in config.scales:
                random = np.random.default_rng([config.seed, number, config.scales.index(scale)])
                for situation in situations(one, scale, choose.most, views, config):
                    yield (one.name, scale), situation, choose(situation, random)

    def _report(self, found: Mapping[tuple[str, Scale], Result], grasper: Grasper, best: str) -> Report:
        report, config = Report(), self.config
        rates = {key: {name: result.rate(name) for name in result.methods} for key, result in found.items()}
        names = list(dict.fromkeys(name for rate in rates.values() for name in rate))
        report.tables["success by method"] = Table(
            ["method", *(f"{name}, {scale}" for name, scale in found)],
            [
                [name, *(str(rate[name]) if name in rate else None for rate in rates.values())]
                for name in names
            ],
            caption=f"Share of scenes whose object is held, 95% interval; friction {config.friction:g}.",
        )
        report.tables["scenes"] = Table(
            ["objects", "scale", "how many", "scenes", "held", "as the evaluator expects"],
            [
                [*key, len(set(one.objects)), len(one.objects), rates[key][best].rate, one.expected(best)]
                for key, one in found.items()
            ],
            caption=f"Held, by {best}.",
        )
        failures = {
            name: sum(one.failures[name] for one in found.values() if name in one.failures) for name in names
        }
        report.tables["why grasps fail"] = Table(
            ["method", *FAILURES],
            [[name, *map(int, np.asarray(counts))] for name, counts in failures.items()],
            caption="Trials over all sets; those under none did not fail.",
        )
        for (name, scale), rate in rates.items():
            report.metrics[f"{name}/{scale}"] = rate[best].rate
            report.metrics |= {
                f"{name}/{scale}/{short}": rate[method].rate
                for method, short in SHORT.items()
                if method in rate
            }
            if shown := found[name, scale].shown:
                report.figures[f"distributions, {name}, {scale}"] = distributions(grasper, shown)
        lines = {f"{name}, {scale}": self._by_count(rate) for (name, scale), rate in rates.items()}
        report.figures["success by number of proposals"] = curves(lines)
        return report

    def _by_count(self, rate: Mapping[str, Rate]) -> dict[str, dict[int, Rate]]:
        asked = {methods.SAMPLES: self.config.proposals, methods.UNIFORMS: self.config.uniform}
        return {
            method: {n: rate[numbered(method, n)] for n in sorted(counts) if numbered(method, n) in rate}
            for method, counts in asked.items()
        }
