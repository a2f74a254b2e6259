"""Samples of a set of problems, drawn once and shared by all who ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from framework.errors import UserError
from framework.progress import counted
from framework_codex.code_model import CodeModel, Request, Sampling
from framework_codex.evaluation.sample_file import SampleFile, file_of, key_of
from framework_codex.problem import Problem


@dataclass(frozen=True)
class Samples:
    """Samples of a list of problems, ordered by problem and index.

    Attributes:
        problems: in the order of the environment.
        task: `(m,)`, which of them each sample belongs to.
        index: `(m,)`, its number among those of its problem, from 0.
        texts: m completions.
        tokens: `(m,)`, how many were drawn; 0 where it is not known.
        logprob: `(m,)`, ln p of the drawn tokens at temperature 1, summed; NaN if unknown.
        finish: m reasons why they ended.
    """

    problems: tuple[Problem, ...]
    task: NDArray[np.int64]
    index: NDArray[np.int64]
    texts: tuple[str, ...]
    tokens: NDArray[np.int64]
    logprob: NDArray[np.float64]
    finish: tuple[str, ...]

    @property
    def mean_logprob(self) -> NDArray[np.float64]:
        """`(m,)`, per token."""
        return self.logprob / np.where(self.tokens > 0, self.tokens, np.nan)

    @property
    def counts(self) -> NDArray[np.int64]:
        """`(problems,)`, the number of samples of each."""
        return np.bincount(self.task, minlength=len(self.problems))

    def of(self, kept: Sequence[bool]) -> Samples:
        """Those of some of the problems."""
        which = np.array(kept)[self.task]
        places = np.cumsum(kept) - 1
        return Samples(
            problems=tuple(compress(self.problems, kept)),
            task=places[self.task[which]],
            index=self.index[which],
            texts=tuple(compress(self.texts, which)),
            tokens=self.tokens[which],
            logprob=self.logprob[which],
            finish=tuple(compress(self.finish, which)),
        )


def draw(
    model: CodeModel,
    problems: Sequence[Problem],
    sampling: Sampling,
    n: int | Sequence[int],
    seed: int,
    folder: Path,
) -> Samples:
    """The samples asked for: those kept in `folder`, and what is missing, drawn and kept there.

    A sample is known by its model, sampling, seed, prompt, task and index, on which alone it
    depends. Whoever asks for more samples of a problem, or for other problems, adds to the
    same file; whoever asks for fewer gets the first ones.

    Args:
        model: what draws them.
        problems: with distinct task ids.
        sampling: how.
        n: samples of each problem, or one number per problem.
        seed: of the draws.
        folder: made if it is not there.

    Raises:
        UserError: the file cannot be read or written, task ids repeat, or the model
            does not deliver.
    """
    _check_distinct(problems)
    counts = [n] * len(problems) if isinstance(n, int) else list(n)
    file = SampleFile(file_of("samples", folder, model, sampling, seed))
    kept = file.read()
    wanted = [
        Request(problem.task_id, index, problem.prompt, problem.suffix, seed)
        for problem, count in zip(problems, counts, strict=True)
        for index in range(count)
    ]
    missing = [request for request in wanted if key_of(request) not in kept]
    if missing:
        with file:
            drawn = model.sample(missing, sampling)
            for position, completion in counted(drawn, len(missing), "samples"):
                file.append(missing[position], completion)
                kept[key_of(missing[position])] = completion
    found = [kept.get(key_of(request)) for request in wanted]
    completions = [completion for completion in found if completion is not None]
    if len(completions) < len(wanted):
        first = wanted[found.index(None)]
        raise UserError(
            f"{type(model).__name__} left out {len(wanted) - len(completions)} of the {len(missing)} samples "
            f"it was asked for, first {first.task_id} number {first.index}\n"
            "  the others are kept; run again to ask for those alone"
        )
    return Samples(
        problems=tuple(problems),
        task=np.repeat(np.arange(len(problems)), counts),
        index=np.array([request.index for request in wanted], dtype=np.int64),
        texts=tuple(completion.text for completion in completions),
        tokens=np.array([completion.tokens for completion in completions], dtype=np.int64),
        logprob=np.array([completion.logprob for completion in completions], dtype=np.float64),
        finish=tuple(completion.finish for completion in completions),
    )


def _check_distinct(problems: Sequence[Problem]) -> None:
    seen: set[str] = set()
    for problem in problems:
        if problem.task_id in seen:
            raise UserError(
                f"two problems are called {problem.task_id!r}\n  give every problem a task_id of its own"
            )
        seen.add(problem.task_id)
