"""Probe: does a model bind each operation to its variable (section 6)?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from framework.report import Report, Table
from framework_codex.evaluation.bench import bench
from framework_codex.evaluation.config import VariableBindingConfig
from framework_codex.evaluation.figures import operations_figure
from framework_codex.evaluation.groups import grouped
from framework_codex.evaluation.judging import Judged, verdicts_on
from framework_codex.problem import Problem
from framework_codex.problems.bindings import MISTAKES, probe

KINDS = ("passed", *MISTAKES, "other result", "no result")


class VariableBinding:
    """Samples functions with a growing number of operations, and tells what is wrong with the wrong ones.

    The environment's problems are not looked at: the probe brings its own.

    Args:
        config: the parameters.

    Attributes:
        folder: where samples and verdicts are kept; None for nowhere.
    """

    def __init__(self, config: VariableBindingConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        config = self.config
        operations = sorted(set(config.operations))
        # The same problems whatever the seed, which is that of the samples.
        made = [each for count in operations for each in probe(config.variables, count, config.problems)]
        mistaken = {problem.task_id: mistakes for problem, mistakes in made}
        with bench(config, self.folder, algorithm, [problem for problem, _ in made]) as desk:
            result = desk.judged(config.temperature, config.judge)
            kinds = self._kinds(result, mistaken, desk.folder)
        counts = [count for count in operations for _ in range(config.problems)]
        found = grouped(result.pass_at([1])[:, 0], counts)
        report = Report({"pass_rate": float(found.means.mean())}, notes=desk.notes)
        rows, shares = [], []
        for i, count in enumerate(operations):
            counted = Counter(kinds[np.equal(counts, count)[result.samples.task]].tolist())
            report.metrics[f"operations_{count}/pass_rate"] = float(found.means[i])
            report.metrics[f"operations_{count}/pass_rate_low"] = float(found.low[i])
            report.metrics[f"operations_{count}/pass_rate_high"] = float(found.high[i])
            rates = [found.means[i], found.low[i], found.high[i]]
            rows.append([count, counted.total(), *rates, *(counted[kind] for kind in KINDS[1:])])
            shares.append([counted[kind] / counted.total() for kind in KINDS])
        report.tables["by operations"] = Table(
            ["operations", "programs", "pass rate", "95% from", "95% to", *KINDS[1:]],
            rows,
            caption=f"{config.variables} variables. A mistake is told by its results; no result: an "
            "exception, a time-out or a crash.",
        )
        columns = dict(zip(KINDS, np.transpose(shares), strict=True))
        report.figures["by operations"] = operations_figure(operations, columns, found)
        return report

    def _kinds(self, result: Judged, mistaken: dict[str, dict[str, Problem]], folder: Path) -> Any:
        """`(m,)`, which of `KINDS` each sample is of."""
        kinds = np.array(
            ["other result" if one.outcome == "failed" else "no result" for one in result.verdicts],
            dtype=object,
        )
        kinds[result.passed] = "passed"
        asked = [
            (position, name, problem)
            for position in np.flatnonzero(kinds == "other result").tolist()
            for name, problem in mistaken[
                result.samples.problems[result.samples.task[position]].task_id
            ].items()
        ]
        programs = [(problem, result.samples.texts[position]) for position, _, problem in asked]
        verdicts = verdicts_on(programs, self.config.judge, folder)
        for (position, name, _), verdict in zip(asked, verdicts, strict=True):
            if verdict.passed:
                kinds[position] = name
        return kinds
