"""Work in threads that nobody has to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def in_threads(
    work: Callable[[Job], Result], jobs: Sequence[Job], threads: int, stop: threading.Event
) -> Iterator[Result]:
    """Yield the results of jobs as they come.

    After an error no job is begun any more; the results of those under way are yielded, then
    it is raised. Unlike those of an executor, the threads are daemons: a program that is
    interrupted does not wait for the slowest answer.

    Args:
        work: what to do with a job; it should end early once `stop` is set.
        jobs: in the order they are begun.
        threads: how many jobs are under way at once, at most.
        stop: set after an error and when the iteration ends.
    """
    waiting: SimpleQueue[Job] = SimpleQueue()
    for job in jobs:
        waiting.put(job)
    finished: SimpleQueue[tuple[Result] | Exception | None] = SimpleQueue()

    def run() -> None:
        try:
            while not stop.is_set():
                finished.put((work(waiting.get_nowait()),))
        except Empty:
            pass
        except Exception as error:  # raised where the results are read
            stop.set()
            finished.put(error)
        finally:
            finished.put(None)

    running = min(threads, len(jobs))
    failure: Exception | None = None
    try:
        for _ in range(running):
            threading.Thread(target=run, daemon=True).start()
        while running:
            found = finished.get()
            if found is None:
                running -= 1
            elif isinstance(found, Exception):
                failure = failure or found
            else:
                yield found[0]
    finally:
        stop.set()
    if failure is not None:
        raise failure
