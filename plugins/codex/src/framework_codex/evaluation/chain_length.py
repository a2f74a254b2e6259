"""Pass rate by the number of chained building blocks (section 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from framework.errors import UserError
from framework.report import Report, Table
from framework_codex.evaluation.bench import bench
from framework_codex.evaluation.config import ChainLengthConfig
from framework_codex.evaluation.estimator import Floats
from framework_codex.evaluation.figures import length_figure
from framework_codex.evaluation.groups import Groups, grouped
from framework_codex.evaluation.selection import problems_of

#: Rates outside say little about a factor: near 1 there is nothing to lose, near 0 nothing left.
RANGE = (0.02, 0.98)


class ChainLength:
    """Samples problems of each length, runs them, and reports pass@k and the factor per added block.

    Args:
        config: the parameters.

    Attributes:
        folder: where samples and verdicts are kept; None for nowhere.
    """

    def __init__(self, config: ChainLengthConfig) -> None:
        self.config = config
        self.folder: Path | None = None

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        chains = [problem for problem in problems_of(environment, self.config) if problem.length]
        if not chains:
            raise UserError("codex/chain_length needs problems with a length, as codex/chains has them")
        with bench(self.config, self.folder, algorithm, chains) as desk:
            ks = desk.usable([1, *self.config.k])
            result = desk.judged(self.config.temperature, self.config.judge)
            values = result.pass_at(ks)
        found = grouped(values, [problem.length for problem in result.samples.problems])
        report = Report(notes=desk.notes)
        for length, rates in zip(found.labels, found.means, strict=True):
            for k, rate in zip(ks, rates, strict=True):
                report.metrics[f"length_{length}/pass_at_{k}"] = float(rate)
        ratios = factors(found.labels, found.means[:, 0])
        report.tables["by length"] = _table(found, ks, ratios)
        report.figures["by length"] = length_figure(found, ks)
        if ratios:
            # Of ratios the geometric mean: the factor over all steps, spread evenly.
            report.metrics["factor"] = float(np.exp(np.mean(np.log(list(ratios.values())))))
        else:
            report.notes.append(
                "No factor per block: it takes two lengths that follow each other with pass rates "
                f"between {RANGE[0]} and {RANGE[1]}."
            )
        return report


def factors(lengths: Sequence[int], rates: Floats) -> dict[int, float]:
    """How many times lower the pass rate is than that of chains one block shorter.

    Args:
        lengths: in ascending order.
        rates: `(lengths,)`.

    Returns:
        By length, where both rates lie in `RANGE`.
    """
    rate = dict(zip(lengths, rates.tolist(), strict=True))
    usable = {length for length in lengths if RANGE[0] <= rate[length] <= RANGE[1]}
    return {length: rate[length - 1] / rate[length] for length in lengths if {length, length - 1} <= usable}


def _table(found: Groups, ks: Sequence[int], ratios: dict[int, float]) -> Table:
    columns = ["blocks", "problems"]
    for k in ks:
        columns += [f"pass@{k}", "95% from", "95% to"]
    rows = []
    for i, (length, size) in enumerate(zip(found.labels, found.sizes, strict=True)):
        cells = [part[i, j] for j in range(len(ks)) for part in (found.means, found.low, found.high)]
        rows.append([length, size, *cells, ratios.get(length)])
    caption = "Factor: pass@1 of chains one block shorter over pass@1 of these."
    return Table([*columns, "factor"], rows, caption)
