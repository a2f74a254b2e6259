"""Choosing one of several samples without running them (section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from framework.errors import UserError
from framework.report import Report, Table
from framework_codex.evaluation.back_translation import back_translation, load_describer
from framework_codex.evaluation.bench import bench
from framework_codex.evaluation.choice import chosen_passes
from framework_codex.evaluation.config import RankingConfig
from framework_codex.evaluation.estimator import Floats, confidence_interval
from framework_codex.evaluation.figures import ranking_figure
from framework_codex.evaluation.groups import grouped
from framework_codex.evaluation.judging import Judged
from framework_codex.evaluation.selection import problems_of


class Ranking:
    """Share of problems that one chosen sample solves, by how it is chosen.

    `random`: any, in expectation. `mean_logp`, `sum_logp`: the one likeliest per token or as a
    whole, by the model's probabilities at temperature 1. `back_translation`: the one from which
    a docstring model finds the problem's docstring likeliest (section 5). `oracle`: one that
    passes, if there is any.

    Args:
        config: the parameters.

    Attributes:
        folder: where samples and verdicts are kept; None for nowhere.
    """

    def __init__(self, config: RankingConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        problems, path = problems_of(environment, self.config), self.config.describer
        describer = None if path is None else load_describer(path)  # before hours of sampling
        with bench(self.config, self.folder, algorithm, problems) as desk:
            of = self._sizes(min(desk.counts))
            result = desk.judged(self.config.temperature, self.config.judge)
        samples = result.samples
        scores = {"mean_logp": samples.mean_logprob, "sum_logp": samples.logprob}
        if describer is not None:
            scores["back_translation"] = back_translation(describer, samples)
        report = Report(notes=desk.notes)
        values = {"random": result.pass_at([1]).repeat(len(of), axis=1)}
        for name, score in scores.items():
            unknown = int(np.isnan(score).sum())
            if unknown == len(score):
                report.notes.append(f"{name} is left out: the samples come without likelihoods.")
                continue
            if unknown:
                report.notes.append(f"{name}: {unknown} of {len(score)} samples have no score and rank last.")
            values[name] = _by_problem(result, score, of)
        values["oracle"] = result.pass_at(of)
        self._fill(report, values, of, [problem.length for problem in samples.problems])
        return report

    def _sizes(self, least: int) -> tuple[int, ...]:
        if not self.config.of:
            standard = (m * 10**power for power in range(6) for m in (1, 2, 5))
            return (*(m for m in standard if m < least), least)
        of = tuple(sorted(set(self.config.of)))
        if of[-1] > least:
            raise UserError(f"of: there are no {of[-1]} samples to choose from, only {least}\n  raise n")
        return of

    def _fill(
        self, report: Report, values: dict[str, Floats], of: Sequence[int], lengths: Sequence[int]
    ) -> None:
        final = {name: value[:, -1] for name, value in values.items()}
        rows = []
        for name, value in final.items():
            report.metrics[name] = float(value.mean())
            gain = value - final["random"]
            low, high = map(float, confidence_interval(gain))
            if name != "random":
                report.metrics[f"{name}_gain"] = float(gain.mean())
                report.metrics |= {f"{name}_gain_low": low, f"{name}_gain_high": high}
            means = values[name].mean(axis=0)
            rows.append([name, *means, *([gain.mean(), low, high] if name != "random" else [None] * 3)])
        report.tables["choices"] = Table(
            ["chosen by", *(f"1 of {m}" for m in of), "gain over random", "95% from", "95% to"],
            rows,
            caption=f"Share of {len(lengths)} problems solved; gain at 1 of {of[-1]}.",
        )
        if any(lengths):
            found = grouped(np.stack(list(final.values()), axis=1), lengths)
            report.tables["by length"] = Table(
                ["blocks", "problems", *final],
                [[*row[:2], *row[2]] for row in zip(found.labels, found.sizes, found.means, strict=True)],
                caption=f"1 of {of[-1]}.",
            )
        report.figures["choices"] = ranking_figure(of, values)


def _by_problem(result: Judged, score: Floats, of: Sequence[int]) -> Floats:
    """`(problems, len(of))`."""
    tasks = range(len(result.samples.problems))
    own = [result.samples.task == task for task in tasks]
    return np.array([chosen_passes(score[mine], result.passed[mine], of) for mine in own])
