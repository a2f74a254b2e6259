"""How well the judge reads real pictures: what its verdicts on sampled ones are worth."""

from __future__ import annotations

from typing import Any

import numpy as np

from framework.errors import UserError
from framework.report import Report, Table
from framework_glide.evaluation.config import JudgeAccuracyConfig
from framework_glide.evaluation.figures import captioned
from framework_glide.evaluation.judge.loading import load
from framework_glide.evaluation.judge.model import Judge
from framework_glide.evaluation.quality import accuracy_of
from framework_glide.evaluation.rows import rows_of

#: Pictures it read wrongly that are shown.
SHOWN = 16


class JudgeAccuracy:
    """Accuracy of every attribute, and of all at once, on the splits that were not trained on.

    Args:
        config: the parameters.
    """

    def __init__(self, config: JudgeAccuracyConfig) -> None:
        self.config = config

    def __call__(self, algorithm: Any, environment: Any) -> Report:
        judge = load(self.config.judge) if self.config.judge else getattr(algorithm, "model", None)
        if not isinstance(judge, Judge):
            raise UserError(
                "glide/judge_accuracy: the model of this stage is no glide/judge\n"
                "  give the checkpoint of one as `judge`"
            )
        report, columns = Report(), {}
        for split in environment:
            if split == "train":
                continue
            rows = rows_of(environment, split, self.config.limit)
            # All attributes count here, also those that a caption leaves out.
            found = accuracy_of(judge, rows.pictures, rows)
            if found is None:
                raise UserError("glide/judge_accuracy needs columns of classes in the environment")
            everything = np.all(found.right, axis=1)
            columns[split] = {"all": float(everything.mean())} | dict(
                zip(found.names, found.right.mean(axis=0).tolist(), strict=True)
            )
            report.metrics |= {f"{split}/{name}": value for name, value in columns[split].items()}
            wrong = np.flatnonzero(~everything)[:SHOWN]
            if len(wrong):
                report.images[f"wrong in {split}"] = captioned(
                    rows.pictures[wrong], [rows.captions[i] for i in wrong]
                )
        if not columns:
            raise UserError("glide/judge_accuracy needs a split besides `train`, such as `validation`")
        names = list(next(iter(columns.values())))
        report.tables["share read rightly"] = Table(
            ["attribute", *columns],
            [[name, *(column[name] for column in columns.values())] for name in names],
            caption="Real pictures. `all`: every attribute of the picture.",
        )
        return report
