"""pass@k of the samples that pass the examples a prompt shows (section 3.5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from framework_codex.evaluation.estimator import Floats, pass_at_k
from framework_codex.evaluation.judging import Judged, verdicts_on
from framework_codex.execution.verdict import JudgeConfig
from framework_codex.problems.examples import with_examples_as_tests


def filtered_pass_at_k(kept: ArrayLike, correct: ArrayLike, k: ArrayLike) -> Floats:
    """Probability that one of k samples passes that were drawn from those that pass the examples.

    Where fewer than k are left, all of them are tried.

    Args:
        kept: samples of a problem that pass its examples.
        correct: how many of these pass its tests.
        k: how many one may try.
    """
    return pass_at_k(np.maximum(kept, k), correct, k)


def passing_examples(result: Judged, judge: JudgeConfig, folder: Path) -> tuple[NDArray[np.bool_], list[str]]:
    """Which samples pass the examples of their prompt, all of them where it shows none that are right.

    Args:
        result: samples and what their problems' tests say of them.
        judge: how programs are executed.
        folder: where verdicts are kept.

    Returns:
        `(m,)`, and the problems that show no examples or such as their canonical solution fails.
    """
    samples = result.samples
    shown = [with_examples_as_tests(problem) for problem in samples.problems]
    asked = [place for place, task in enumerate(samples.task) if shown[task] is not None]
    programs = [(shown[samples.task[place]], samples.texts[place]) for place in asked]
    verdicts = verdicts_on([(one, text) for one, text in programs if one is not None], judge, folder)
    passed = np.ones(len(samples.texts), dtype=np.bool_)
    wrong = {
        samples.task[place]
        for place, one in zip(asked, verdicts, strict=True)
        if one.outcome == "unjudgeable"
    }
    for place, verdict in zip(asked, verdicts, strict=True):
        passed[place] = verdict.passed or samples.task[place] in wrong
    without = [
        problem.task_id
        for task, problem in enumerate(samples.problems)
        if shown[task] is None or task in wrong
    ]
    return passed, without
