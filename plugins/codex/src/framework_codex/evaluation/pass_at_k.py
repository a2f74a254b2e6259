"""Functional correctness: pass@k over temperatures (sections 2.1 and 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from framework.report import Report, Table
from framework_codex.evaluation.bench import bench
from framework_codex.evaluation.config import PassAtKConfig
from framework_codex.evaluation.estimator import rate_interval
from framework_codex.evaluation.figures import temperature_figure
from framework_codex.evaluation.filtering import filtered_pass_at_k, passing_examples
from framework_codex.evaluation.judging import Judged
from framework_codex.evaluation.results import write_results
from framework_codex.evaluation.selection import problems_of
from framework_codex.evaluation.tables import missing_modules, outcome_table, problem_table


class PassAtK:
    """Draws n samples of every problem at each temperature, runs them, and estimates pass@k.

    `pass_at_<k>` is that of the temperature best for k, as the paper reports it: chosen on
    the same problems, so a little optimistic where temperatures are close.

    Args:
        config: the parameters.

    Attributes:
        folder: where samples and verdicts are kept; None for nowhere.
    """

    def __init__(self, config: PassAtKConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        problems = problems_of(environment, self.config)
        with bench(self.config, self.folder, algorithm, problems) as desk:
            ks = desk.usable(self.config.k)
            temperatures = sorted(set(self.config.temperatures))[: 1 if desk.recorded else None]
            results = desk.results(temperatures, self.config.judge)
            report = Report(notes=desk.notes)
            if self.folder is not None:
                for temperature, result in zip(temperatures, results, strict=True):
                    path = desk.path("results", temperature)
                    write_results(result, path)
                    report.files[path.name] = path
            if self.config.filtered:
                report.tables["filtered pass@k"] = self._filtered(report, results, ks, desk.folder)
        report.tables["pass@k"] = _estimate(report.metrics, results, ks)
        report.metrics["problems"] = len(results[0].samples.problems)
        tokens = sum(int(result.samples.tokens.sum()) for result in results)
        if tokens:  # recorded samples seldom tell
            report.metrics["tokens"] = tokens
        report.tables["outcomes"] = outcome_table(results)
        missing = missing_modules(results)
        if missing is not None:
            report.tables["missing modules"] = missing
            report.metrics["samples_missing_modules"] = sum(count for _, count in missing.rows)
        report.tables["problems"] = problem_table(results, ks)
        report.figures["pass@k"] = _figure(results)
        return report

    def _filtered(self, report: Report, results: Sequence[Judged], ks: Sequence[int], folder: Path) -> Table:
        """pass@k of what passes the examples; the metrics are those of the temperature best for it."""
        rows: list[list[Any]] = []
        for result in results:
            kept, without = passing_examples(result, self.config.judge, folder)
            task, count = result.samples.task, len(result.samples.problems)
            left = np.bincount(task[kept], minlength=count)
            right = np.bincount(task[kept & result.passed], minlength=count)
            values = np.stack([filtered_pass_at_k(left, right, k) for k in ks], axis=1)
            low, high = rate_interval(values)
            for j, k in enumerate(ks):
                mean = float(values[:, j].mean())
                rows.append([result.temperature, k, mean, low[j], high[j], float(kept.mean())])
                if mean >= report.metrics.get(f"filtered_pass_at_{k}", -1):
                    report.metrics[f"filtered_pass_at_{k}"] = mean
                    report.metrics[f"filtered_pass_at_{k}_low"] = float(low[j])
                    report.metrics[f"filtered_pass_at_{k}_high"] = float(high[j])
        if without:
            named = ", ".join(without[:5]) + (", ..." if len(without) > 5 else "")
            report.notes.append(
                f"{len(without)} of {count} problems show no examples that their solution passes, and are "
                f"not filtered: {named}."
            )
        columns = ["temperature", "k", "filtered pass@k", "95% from", "95% to", "share kept"]
        return Table(
            columns, rows, caption="Of samples that pass the prompt's examples; all, if fewer than k."
        )


def _estimate(metrics: dict[str, float], results: Sequence[Judged], ks: Sequence[int]) -> Table:
    """Every pass@k with its interval; the metrics are those of the best temperature and of each."""
    values = np.array([result.pass_at(ks) for result in results])  # (temperatures, problems, ks)
    means = values.mean(axis=1)
    low, high = rate_interval(values.swapaxes(0, 1))
    for j, k in enumerate(ks):
        best = int(means[:, j].argmax())
        metrics[f"pass_at_{k}"] = float(means[best, j])
        metrics[f"pass_at_{k}_low"] = float(low[best, j])
        metrics[f"pass_at_{k}_high"] = float(high[best, j])
        for i, result in enumerate(results):
            if len(results) > 1 and result.temperature is not None:
                metrics[f"t{result.temperature:g}/pass_at_{k}"] = float(means[i, j])
        if len(results) > 1:
            metrics[f"best_temperature_{k}"] = results[best].temperature or 0.0
    rows = [
        [result.temperature, k, means[i, j], low[i, j], high[i, j]]
        for i, result in enumerate(results)
        for j, k in enumerate(ks)
    ]
    caption = f"{values.shape[1]} problems; intervals by bootstrap over problems."
    return Table(["temperature", "k", "pass@k", "95% from", "95% to"], rows, caption)


def _figure(results: Sequence[Judged]) -> Figure:
    least = min(int(result.samples.counts.min()) for result in results)
    ks = np.unique(np.geomspace(1, least, 40).round().astype(int)).tolist()
    curves = np.array([result.pass_at(ks).mean(axis=0) for result in results])
    labels = [result.temperature for result in results]
    return temperature_figure(ks, labels, curves)
