"""The judge: programs in, verdicts out, whatever the programs are."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from framework_codex.problem import Problem

from .cache import Cache, Keys
from .pool import Pool, Task
from .verdict import JudgeConfig, Verdict


class Judge:
    """Executes programs in sandboxes and tells which pass their problem's tests.

    Args:
        config: limits, workers, backend, packages.
        cache: a file that verdicts are kept in; None to keep none.

    Raises:
        UserError: the cache cannot be used. That programs cannot be executed here is said when the
            first is.
    """

    def __init__(self, config: JudgeConfig = JudgeConfig(), cache: Path | None = None) -> None:  # noqa: B008
        self.pool = Pool(config)
        self.cache = None if cache is None else Cache(cache)
        self.keys = Keys(config)
        self._turn = threading.Lock()

    def judge(self, programs: Iterable[tuple[Problem, str]]) -> Iterator[tuple[int, Verdict]]:
        """Judge programs, a few at a time, taking each from the iterable when a worker is free.

        Args:
            programs: problems and completions.

        Yields:
            Position and verdict of each, in the order they are finished. What a sole run has to
            decide comes last.

        Raises:
            UserError: programs cannot be executed here, or a problem's tests are broken.
            RuntimeError: another call of this judge is under way.
        """
        if not self._turn.acquire(blocking=False):
            raise RuntimeError(
                "this judge is judging already; make another one, or finish the first iteration"
            )
        try:
            yield from _Run(self.pool, self.cache, self.keys, programs).verdicts()
        finally:
            self.pool.abandon()
            self._turn.release()

    def verdicts(self, programs: Iterable[tuple[Problem, str]]) -> list[Verdict]:
        """Judge programs; the verdicts in the programs' order."""
        found = dict(self.judge(programs))
        return [found[position] for position in range(len(found))]

    def close(self) -> None:
        """End the workers and close the cache."""
        self.pool.close()
        if self.cache is not None:
            self.cache.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Run:
    """One pass over programs."""

    def __init__(
        self, pool: Pool, cache: Cache | None, keys: Keys, programs: Iterable[tuple[Problem, str]]
    ) -> None:
        self.pool = pool
        self.cache = cache
        self.keys = keys
        self.source = enumerate(programs)
        self.ended = False
        self.waiting: deque[Task] = deque()
        self.doubtful: deque[Task] = deque()
        #: Positions of equal programs, to be answered with the first one's verdict.
        self.twins: dict[bytes, list[int]] = {}

    def verdicts(self) -> Iterator[tuple[int, Verdict]]:
        """All of them."""
        while True:
            yield from self._fill()
            if not self.pool.busy():
                if not self.doubtful:
                    return
                task = self.doubtful.popleft()
                task.alone = True
                self.pool.place(task)
            for task, judged in self.pool.answers():
                if judged is None:
                    self.waiting.appendleft(task)
                elif judged.again:
                    self.doubtful.append(task)
                else:
                    yield from self._settle(task, judged.verdict)

    def _fill(self) -> Iterator[tuple[int, Verdict]]:
        """Hand out programs until nobody takes one; those the cache knows need nobody."""
        while True:
            if not self.waiting and not self.ended:
                yield from self._draw()
            if not self.waiting or not self.pool.place(self.waiting[0]):
                return
            self.waiting.popleft()

    def _draw(self) -> Iterator[tuple[int, Verdict]]:
        """Take programs from the source up to one that has to be judged."""
        for position, (problem, completion) in self.source:
            task = Task(position, problem, completion)
            if self.cache is not None:
                task.key = self.keys.key(problem, completion)
                known = self.cache.get(task.key)
                if known is not None:
                    yield position, known
                    continue
                if task.key in self.twins:
                    self.twins[task.key].append(position)
                    continue
                self.twins[task.key] = []
            self.waiting.append(task)
            return
        self.ended = True

    def _settle(self, task: Task, verdict: Verdict) -> Iterator[tuple[int, Verdict]]:
        twins: list[int] = []
        if self.cache is not None:
            self.cache.put(task.key, verdict)
            twins = self.twins.pop(task.key)
        yield task.position, verdict
        for position in twins:
            yield position, Verdict(verdict.outcome, verdict.detail)
