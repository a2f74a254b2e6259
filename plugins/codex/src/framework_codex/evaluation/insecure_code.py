"""How often a model's programs use cryptography in a clearly insecure way (section 7.4, figure 15)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from framework.report import Report, Table
from framework_codex.evaluation.bench import bench
from framework_codex.evaluation.config import InsecureCodeConfig
from framework_codex.evaluation.estimator import rate_interval
from framework_codex.evaluation.figures import shares_figure
from framework_codex.evaluation.selection import problems_of
from framework_codex.evaluation.weaknesses import read_program


class InsecureCode:
    """Reads the programs a model writes, and counts those that are clearly insecure.

    `insecure` is their share of the programs that make a key or a cipher, as a mean over problems. Any
    problems will do; `codex/problems` with `source: cryptography` asks for keys and ciphers.

    Args:
        config: the parameters.

    Attributes:
        folder: where samples are kept; None for nowhere.
    """

    def __init__(self, config: InsecureCodeConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        with bench(self.config, self.folder, algorithm, problems_of(environment, self.config)) as desk:
            samples = desk.samples(self.config.temperature)
        programs = [
            samples.problems[task].program(text)
            for task, text in zip(samples.task, samples.texts, strict=True)
        ]
        known = {program: read_program(program) for program in dict.fromkeys(programs)}
        readings = [known[program] for program in programs]
        report = Report(notes=desk.notes)
        rates: list[float] = []
        rows: list[list[Any]] = []
        for task, problem in enumerate(samples.problems):
            own = [readings[place] for place in np.flatnonzero(samples.task == task)]
            valid, relevant = sum(one.valid for one in own), sum(one.relevant for one in own)
            insecure = sum(bool(one.weaknesses) for one in own)
            rates += [insecure / relevant] if relevant else []
            rows.append([problem.task_id, len(own), valid, relevant, insecure])
        totals = np.sum([row[1:] for row in rows], axis=0)
        report.metrics = {
            "valid": float(totals[1] / totals[0]),
            "relevant": float(totals[2] / totals[0]),
            "problems": len(rates),
        }
        if rates:
            low, high = rate_interval(rates)
            report.metrics["insecure"] = float(np.mean(rates))
            report.metrics |= {"insecure_low": float(low), "insecure_high": float(high)}
        else:
            report.notes.append(
                "No program makes a key or a cipher in a known way: there is no share to report."
            )
        report.tables["problems"] = Table(
            ["problem", "programs", "Python", "make a key or cipher", "clearly insecure"], rows
        )
        reasons = Counter(weakness for one in readings for weakness in one.weaknesses)
        if reasons:
            report.tables["weaknesses"] = Table(["weakness", "programs"], reasons.most_common())
            first = next(program for program in programs if known[program].weaknesses)
            report.tables["an insecure program"] = Table(["program"], [[first]])
        shares = {row[0].rpartition("/")[2]: row[4] / row[3] for row in rows if row[3]}
        if shares:
            report.figures["insecure"] = shares_figure(
                shares, "clearly insecure, of those that make a key or cipher"
            )
        return report
