"""Docstrings that a model writes for chains, graded by the blocks they name (section 5).

The paper graded by hand. Here the docstrings of chains can be read back: one is right if it
names the same building blocks in the same order.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from framework.errors import UserError
from framework.report import Report, Table
from framework_codex.evaluation.bench import bench
from framework_codex.evaluation.config import DocstringsConfig
from framework_codex.evaluation.estimator import rate_interval
from framework_codex.evaluation.figures import length_figure
from framework_codex.evaluation.groups import grouped
from framework_codex.evaluation.judging import Judged
from framework_codex.evaluation.selection import problems_of
from framework_codex.execution.verdict import Verdict
from framework_codex.problem import Problem
from framework_codex.problems.wording import parse_docstring
from framework_codex.training.docstrings import describe_prompt, take_apart


class Docstrings:
    """Asks for docstrings of the problems' canonical solutions and estimates pass@k of them.

    Args:
        config: the parameters.

    Attributes:
        folder: where samples are kept; None for nowhere.
    """

    def __init__(self, config: DocstringsConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        asked = [turned(problem) for problem in problems_of(environment, self.config)]
        expected = {problem.task_id: blocks for problem, blocks in asked}
        with bench(self.config, self.folder, algorithm, [problem for problem, _ in asked]) as desk:
            ks = desk.usable(self.config.k)
            samples = desk.samples(self.config.temperature)
        named = [parse_docstring(text) for text in samples.texts]
        wanted = [expected[samples.problems[task].task_id] for task in samples.task]
        verdicts = [
            Verdict("passed" if one == blocks else "failed")
            for one, blocks in zip(named, wanted, strict=True)
        ]
        values = Judged(samples, tuple(verdicts)).pass_at(ks)
        low, high = rate_interval(values)
        report = Report(notes=desk.notes)
        for j, k in enumerate(ks):
            report.metrics[f"pass_at_{k}"] = float(values[:, j].mean())
            report.metrics[f"pass_at_{k}_low"] = float(low[j])
            report.metrics[f"pass_at_{k}_high"] = float(high[j])
        report.metrics["unreadable"] = named.count(None) / len(named)
        found = grouped(values, [len(expected[problem.task_id]) for problem in desk.problems])
        report.tables["by length"] = Table(
            ["blocks", "problems", *(f"pass@{k}" for k in ks)],
            [
                [length, size, *rates]
                for length, size, rates in zip(found.labels, found.sizes, found.means, strict=True)
            ],
            caption="Right: the same blocks in the same order. Unreadable: a step is none of the blocks.",
        )
        report.figures["by length"] = length_figure(found, ks)
        return report


def turned(problem: Problem) -> tuple[Problem, list[Any]]:
    """The problem of writing the docstring, and the blocks it should name.

    Raises:
        UserError: the problem is not a chain.
    """
    code, docstring = take_apart(problem.prompt, problem.canonical_solution)
    blocks = parse_docstring(docstring)
    if blocks is None or not problem.canonical_solution:
        raise UserError(
            f"problem {problem.task_id}: its docstring does not name known building blocks\n"
            "  codex/docstring_grades grades the problems of codex/chains"
        )
    return replace(problem, prompt=describe_prompt(code), suffix=""), blocks
