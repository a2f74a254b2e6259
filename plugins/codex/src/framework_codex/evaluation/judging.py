"""Verdicts on samples, from the judge and its cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from framework_codex.evaluation.estimator import Floats, pass_at_k
from framework_codex.evaluation.progress import counted
from framework_codex.evaluation.samples import Samples
from framework_codex.execution.verdict import JudgeConfig, Outcome, Verdict
from framework_codex.problem import Problem

#: In the order tables show them.
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


class Judging(Protocol):
    """What is asked of a judge."""

    def judge(self, programs: Iterable[tuple[Problem, str]]) -> Iterator[tuple[int, Verdict]]:
        """Position and verdict of each `(problem, completion)`, as they are finished."""
        ...


@dataclass(frozen=True)
class Judged:
    """Samples and what became of them.

    Attributes:
        samples: m of them.
        outcomes: m outcomes.
        passed: `(m,)`, whether the outcome is `passed`.
        temperature: of the samples; None if it is not known.
    """

    samples: Samples
    outcomes: tuple[Outcome, ...]
    passed: NDArray[np.bool_]
    temperature: float | None = None

    @property
    def correct(self) -> NDArray[np.int64]:
        """`(problems,)`, how many samples of each passed."""
        return np.bincount(self.samples.task[self.passed], minlength=len(self.samples.problems))

    def pass_at(self, ks: Sequence[int]) -> Floats:
        """`(problems, len(ks))`, pass@k of each problem."""
        return np.stack([pass_at_k(self.samples.counts, self.correct, k) for k in ks], axis=1)

    def outcome_counts(self) -> dict[Outcome, int]:
        """How many samples had each outcome, all of them listed."""
        counted = Counter(self.outcomes)
        return {outcome: counted[outcome] for outcome in OUTCOMES}


def open_judge(config: JudgeConfig, folder: Path) -> AbstractContextManager[Judging]:
    """A judge that keeps its verdicts in the folder; its sandboxes end with the context."""
    from framework_codex.execution.judge import Judge

    return Judge(config, folder / "verdicts.sqlite")


def judged(samples: Samples, config: JudgeConfig, folder: Path, temperature: float | None = None) -> Judged:
    """Judge every sample.

    Args:
        samples: what to judge.
        config: how programs are executed.
        folder: where verdicts are kept, for a run that is killed and for other evaluators.
        temperature: of the samples, if it is known.
    """
    pairs = [(samples.problems[task], text) for task, text in zip(samples.task, samples.texts, strict=True)]
    outcomes = outcomes_of(pairs, config, folder)
    passed = np.array([outcome == "passed" for outcome in outcomes], dtype=np.bool_)
    return Judged(samples, outcomes, passed, temperature)


def outcomes_of(
    programs: Sequence[tuple[Problem, str]], config: JudgeConfig, folder: Path
) -> tuple[Outcome, ...]:
    """The outcome of each `(problem, completion)`; equal ones are judged once."""
    with open_judge(config, folder) as judge:
        verdicts = dict(counted(judge.judge(programs), len(programs), "programs judged"))
    return tuple(verdicts[position].outcome for position in range(len(programs)))
