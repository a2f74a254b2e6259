from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset, DatasetDict

from framework_codex.code_model import Completion, Request, Sampling
from framework_codex.evaluation import judging
from framework_codex.execution.verdict import JudgeConfig, Verdict
from framework_codex.problem import Problem

# With another process on the machine, two threads wait for each other most of the time.
torch.set_num_threads(1)

RIGHT = "    return x + 1\n"


class Scripted:
    """A model whose samples pass with a known probability, by task id.

    `drawn` lists what was drawn; with a `log`, so does that file, one line each.
    """

    def __init__(
        self,
        rate: Callable[[str, float], float],
        name: str = "scripted",
        write: Callable[[Request], str] | None = None,
        log: Path | None = None,
        logprob: Callable[[bool, float], float] = lambda right, draw: -5 + 4 * right - draw,
    ) -> None:
        self.rate, self.name, self.log, self.logprob = rate, name, log, logprob
        self.write = write
        self.length = 4
        self.drawn: list[tuple[str, int]] = []

    def fingerprint(self) -> str:
        return self.name

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[int, Completion]]:
        # Finished in another order than asked, as in batches.
        for position in sorted(range(len(requests)), key=lambda position: position % 3):
            request = requests[position]
            first, second = np.random.default_rng(request.entropy()).random(2)
            right = bool(first < self.rate(request.task_id, sampling.temperature))
            text = RIGHT if right else f"    return x - {request.index % 4}\n"
            if self.write is not None:
                text = self.write(request)
            self.drawn.append((request.task_id, request.index))
            if self.log is not None:
                with self.log.open("a") as stream:
                    stream.write(f"{request.task_id} {request.index}\n")
            yield (
                position,
                Completion(
                    text, self.length and self.length + request.index % 3, self.logprob(right, float(second))
                ),
            )


class Recorded(Scripted):
    """One that has a limited number of samples, of unknown likelihood."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        super().__init__(lambda task, temperature: 0.5, logprob=lambda right, draw: math.nan)
        self._counts = counts

    def counts(self) -> Mapping[str, int]:
        return self._counts


class FakeJudge:
    """Passes the one right program; `seen` lists what it was asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.folders: list[Path] = []

    def judge(self, programs: Sequence[tuple[Problem, str]]) -> Iterator[tuple[int, Verdict]]:
        for position, (problem, text) in reversed(list(enumerate(programs))):
            self.seen.append((problem.task_id, text))
            yield position, self.verdict(problem, text)

    def verdict(self, problem: Problem, text: str) -> Verdict:
        return Verdict("passed" if text == RIGHT else "failed")


class LocalJudge(FakeJudge):
    """Runs programs right here: for those the tests write themselves."""

    def verdict(self, problem: Problem, text: str) -> Verdict:
        scope: dict[str, Any] = {}
        trusted: dict[str, Any] = {}
        try:
            exec(problem.program(text), scope)
            exec(problem.test, trusted)
            trusted["check"](scope[problem.entry_point])
        except AssertionError:
            return Verdict("failed")
        except Exception:
            return Verdict("exception")
        return Verdict("passed")


def use(judge: FakeJudge, monkeypatch: pytest.MonkeyPatch) -> FakeJudge:
    @contextmanager
    def opened(config: JudgeConfig, folder: Path) -> Iterator[FakeJudge]:
        judge.folders.append(folder)
        yield judge

    monkeypatch.setattr(judging, "open_judge", opened)
    return judge


@pytest.fixture
def fake_judge(monkeypatch: pytest.MonkeyPatch) -> FakeJudge:
    return use(FakeJudge(), monkeypatch)


@pytest.fixture
def local_judge(monkeypatch: pytest.MonkeyPatch) -> FakeJudge:
    return use(LocalJudge(), monkeypatch)


def make_problem(name: str, length: int = 0) -> Problem:
    return Problem(
        task_id=name,
        prompt=f'def add_one(x):\n    """Return the number after x, as {name} wants it."""\n',
        entry_point="add_one",
        canonical_solution=RIGHT,
        test="def check(candidate):\n    assert candidate(1) == 2\n    assert candidate(-5) == -4\n",
        length=length,
    )


def environment_of(problems: Sequence[Problem]) -> DatasetDict:
    return DatasetDict({"problems": Dataset.from_list([problem.row() for problem in problems])})


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted


@pytest.fixture
def recorded() -> type[Recorded]:
    return Recorded


@pytest.fixture
def problem() -> Callable[..., Problem]:
    return make_problem


@pytest.fixture
def environment() -> Callable[[Sequence[Problem]], Any]:
    return environment_of
