"""Do training texts hold problems, or their solutions?

Two signs, as in published decontaminations: a run of 10 words that a problem has, too
(Guo et al. 2024, DeepSeek-Coder, section 2; Brown et al. 2020 take runs of 13, appendix C), and a
function that is a problem's canonical solution under other names. Words are letters, digits and
underscores, in lower case; signs between them do not count.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from framework_codex.problem import Problem
from framework_codex.problems.canonical import Outline, canonical, functions, outline
from framework_codex.problems.shingles import word_shingles

#: Words in a run.
RUN = 10


@dataclass(frozen=True)
class Match:
    """A text that holds some of a problem.

    Attributes:
        text: position of the text.
        task_id: of the problem.
        kind: `words`: a run of words in common; `solution`: its canonical solution.
        share: of the problem's runs, those found in the text; 1 for a solution.
    """

    text: int
    task_id: str
    kind: Literal["words", "solution"]
    share: float


class Index:
    """Problems, to look texts up in.

    Args:
        problems: whose prompts and canonical solutions must not be found.
        n: words in a run.
    """

    def __init__(self, problems: Iterable[Problem], n: int = RUN) -> None:
        self.n = n
        self._tasks: defaultdict[int, set[str]] = defaultdict(set)
        self._runs: dict[str, int] = {}
        self._solutions: defaultdict[str, set[str]] = defaultdict(set)
        self._outlines: set[Outline] = set()
        for problem in problems:
            program = problem.program(problem.canonical_solution)
            runs = set(word_shingles(program, n).tolist())
            self._runs[problem.task_id] = len(runs)
            for run in runs:
                self._tasks[run].add(problem.task_id)
            for function in functions(program):
                if function.name == problem.entry_point:
                    self._add(function, problem.task_id)
        self._sorted = np.array(sorted(self._tasks), np.uint64)

    def matches(self, text: str, position: int = 0) -> list[Match]:
        """The problems that a text holds some of."""
        return [*self._words(text, position), *self._same(text, position)]

    def _add(self, function: ast.FunctionDef | ast.AsyncFunctionDef, task_id: str) -> None:
        kinds = outline(function)
        form = canonical(function)
        if form is not None:
            self._outlines.add(kinds)
            self._solutions[form].add(task_id)

    def _words(self, text: str, position: int) -> list[Match]:
        runs = np.unique(word_shingles(text, self.n))
        if not len(runs) or not len(self._sorted):
            return []
        places = np.searchsorted(self._sorted, runs).clip(max=len(self._sorted) - 1)
        counts: defaultdict[str, int] = defaultdict(int)
        for run in runs[self._sorted[places] == runs].tolist():
            for task_id in self._tasks[run]:
                counts[task_id] += 1
        return [
            Match(position, task_id, "words", count / self._runs[task_id])
            for task_id, count in sorted(counts.items())
        ]

    def _same(self, text: str, position: int) -> list[Match]:
        found: set[str] = set()
        for function in functions(text):
            if outline(function) in self._outlines:
                found |= self._solutions.get(canonical(function) or "", set())
        return [Match(position, task_id, "solution", 1.0) for task_id in sorted(found)]


def contaminated(texts: Iterable[str], problems: Iterable[Problem], n: int = RUN) -> list[Match]:
    """What texts hold of problems, in the order of the texts."""
    index = Index(problems, n)
    return [match for position, text in enumerate(texts) for match in index.matches(text, position)]


def summary(matches: Sequence[Match], problems: int) -> dict[str, float]:
    """Counts for a report.

    Args:
        matches: of `contaminated`.
        problems: how many were looked for.

    Returns:
        `texts` with a match, `problems` of which something was found and their `share`,
        `solutions`: problems whose canonical solution was found.
    """
    touched = {match.task_id for match in matches}
    return {
        "texts": len({match.text for match in matches}),
        "problems": len(touched),
        "share": len(touched) / problems if problems else 0.0,
        "solutions": len({match.task_id for match in matches if match.kind == "solution"}),
    }
