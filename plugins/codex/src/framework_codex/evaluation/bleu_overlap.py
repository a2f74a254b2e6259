"""BLEU does not tell right programs from wrong ones (section 3.3, figure 8)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from framework.errors import UserError
from framework.report import Report, Table
from framework_codex.evaluation.bench import bench
from framework_codex.evaluation.bleu import code_bleu, overlap
from framework_codex.evaluation.config import BleuOverlapConfig
from framework_codex.evaluation.estimator import Floats, confidence_interval
from framework_codex.evaluation.figures import overlap_figure
from framework_codex.evaluation.selection import problems_of


class BleuOverlap:
    """Scores right and wrong samples against the canonical solution and compares their BLEU.

    Args:
        config: the parameters.

    Attributes:
        folder: where samples and verdicts are kept; None for nowhere.
    """

    def __init__(self, config: BleuOverlapConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        problems = problems_of(environment, self.config)
        solved = [problem for problem in problems if problem.canonical_solution]
        if not solved:
            raise UserError("codex/bleu_overlap needs problems with a canonical solution")
        code_bleu([], "")  # says what is missing before anything is drawn
        with bench(self.config, self.folder, algorithm, solved) as desk:
            result = desk.judged(self.config.temperature, self.config.judge)
        report = Report(notes=desk.notes)
        found: dict[str, tuple[Floats, Floats]] = {}
        for task, problem in enumerate(result.samples.problems):
            own = np.flatnonzero(result.samples.task == task)
            right = result.passed[own]
            if right.any() and not right.all():
                texts = [result.samples.texts[position] for position in own]
                scores = code_bleu(texts, problem.canonical_solution)
                found[problem.task_id] = (scores[right], scores[~right])
        report.metrics["problems"] = len(found)
        if not found:
            report.notes.append("No problem has both right and wrong samples: there is nothing to compare.")
            return report
        overlaps = {name: overlap(*scores) for name, scores in found.items()}
        low, high = confidence_interval(list(overlaps.values()))
        report.metrics["overlap"] = float(np.mean(list(overlaps.values())))
        report.metrics |= {"overlap_low": float(low), "overlap_high": float(high)}
        report.tables["BLEU"] = Table(
            ["problem", "right", "wrong", "mean of right", "mean of wrong", "P(wrong > right)"],
            [
                [name, len(right), len(wrong), right.mean(), wrong.mean(), overlaps[name]]
                for name, (right, wrong) in found.items()
            ],
            caption="Problems with both. Were BLEU as good as running the program, P would be 0.",
        )
        # The problems with the most of both show the most.
        telling = sorted(found, key=lambda name: min(map(len, found[name])), reverse=True)
        report.figures["BLEU"] = overlap_figure({name: found[name] for name in telling[: self.config.panels]})
        return report
