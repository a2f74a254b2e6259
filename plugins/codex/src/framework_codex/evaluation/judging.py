"""Verdicts on samples, from the judge and its cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from framework.progress import counted
from framework_codex.evaluation.estimator import Floats, pass_at_k
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
        verdicts: m verdicts.
        temperature: of the samples; None if it is not known.
    """

    samples: Samples
    verdicts: tuple[Verdict, ...]
    temperature: float | None = None

    @cached_property
    def passed(self) -> NDArray[np.bool_]:
        """`(m,)`."""
        return np.array([verdict.passed for verdict in self.verdicts], dtype=np.bool_)

    @property
    def correct(self) -> NDArray[np.int64]:
        """`(problems,)`, how many samples of each passed."""
        return np.bincount(self.samples.task[self.passed], minlength=len(self.samples.problems))

    def unjudgeable(self) -> dict[str, str]:
        """Problems whose tests are at fault, and why, by task id."""
        return {
            self.samples.problems[task].task_id: verdict.detail
            for task, verdict in zip(self.samples.task, self.verdicts, strict=True)
            if verdict.outcome == "unjudgeable"
        }

    def without(self, names: Collection[str]) -> Judged:
        """The same, some problems left out."""
        kept = [problem.task_id not in names for problem in self.samples.problems]
        which = np.array(kept)[self.samples.task]
        verdicts = tuple(compress(self.verdicts, which))
        return Judged(self.samples.of(kept), verdicts, self.temperature)

    def pass_at(self, ks: Sequence[int]) -> Floats:
        """`(problems, len(ks))`, pass@k of each problem."""
        return np.stack([pass_at_k(self.samples.counts, self.correct, k) for k in ks], axis=1)

    def outcome_counts(self) -> dict[Outcome, int]:
        """How many samples had each outcome, all of them listed."""
        found = Counter(verdict.outcome for verdict in self.verdicts)
        return {outcome: found[outcome] for outcome in OUTCOMES}


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
    return Judged(samples, verdicts_on(pairs, config, folder), temperature)


def verdicts_on(
    programs: Sequence[tuple[Problem, str]], config: JudgeConfig, folder: Path
) -> tuple[Verdict, ...]:
    """The verdict on each `(problem, completion)`; equal ones are judged once."""
    if not programs:
        return ()
    with open_judge(config, folder) as judge:
        found = dict(counted(judge.judge(programs), len(programs), "programs"))
    return tuple(found[position] for position in range(len(programs)))


def unjudgeable(problems: Sequence[Problem], config: JudgeConfig, folder: Path) -> dict[str, str]:
    """Problems whose own canonical solution does not pass, and why, by task id."""
    known = [problem for problem in problems if problem.canonical_solution]
    verdicts = verdicts_on([(problem, problem.canonical_solution) for problem in known], config, folder)
    return {
        problem.task_id: verdict.detail
        for problem, verdict in zip(known, verdicts, strict=True)
        if not verdict.passed
    }
