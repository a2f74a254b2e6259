"""Does a producer make its data once, and the same whether or not it was stopped?"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

from framework.contracts import Producer, Progress
from framework.runs.checkpoints import digest
from framework.shards import MANIFEST, Shards
from framework.testing.equality import assert_same
from framework.testing.sections import Section, build, title, use


class _Stop(BaseException):
    """As the core's own interruption: no `except Exception` catches it."""


def check_producer(environment: Section, *, seed: int = 0) -> None:
    """Check an environment that makes data.

    Its component says `produces=True`; its progress grows to its total; asked again, it leaves
    everything as it is; stopped in the middle and asked again, it makes the same files as without
    a stop, and none of those it had finished a second time.

    Args:
        environment: its name, or a section of a recipe, with parameters that make little.
        seed: of everything random.

    Raises:
        AssertionError: the message says what is wrong.
    """
    name = title(environment)
    assert use("environment", environment).component.produces, f"{name}: its component lacks produces=True"

    def produce(folder: Path, stop: int | None = None) -> list[Progress]:
        built: Any = build("environment", environment, seed=seed)
        assert isinstance(built, Producer), f"{name} has no produce(folder, progress)"
        seen: list[Progress] = []

        def progress(now: Progress) -> None:
            seen.append(now)
            if len(seen) == stop:
                raise _Stop

        try:
            built.produce(folder, progress)
        except _Stop:
            return seen
        assert stop is None or len(seen) < stop, f"{name}: produce goes on when progress raises"
        return seen

    with tempfile.TemporaryDirectory() as temporary:
        whole, cut = (Path(temporary) / part for part in ("whole", "cut"))
        whole.mkdir()
        cut.mkdir()
        seen = produce(whole)
        _check_progress(seen, name)
        made = _digests(whole)
        assert made, f"{name} produces no files"
        assert not Shards(whole).damaged(), f"{name}: shards are not what its manifest says of them"
        times = _times(whole)
        produce(whole)
        assert_same(_times(whole), times, f"{name}: files when asked again, times of writing")
        produce(cut, stop=(len(seen) + 1) // 2)
        times = _times(cut)
        _check_progress(produce(cut), name)
        kept = {path: time for path, time in _times(cut).items() if path in times}
        assert_same(kept, times, f"{name}: files finished before a stop, times of writing")
        assert_same(_digests(cut), made, f"{name}: what is made after a stop, digests")


def _check_progress(seen: list[Progress], name: str) -> None:
    assert seen, f"{name} never calls progress"
    for before, after in itertools.pairwise(seen):
        assert after.done >= before.done, f"{name}: progress falls from {before.done} to {after.done}"
    last = seen[-1]
    assert last.done == last.total, f"{name}: ends at {last.done} of {last.total} {last.unit}"
    assert last.unit, f"{name}: its progress has no unit"


def _files(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return [path for path in found if not path.name.startswith(".")]


def _digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): digest(path) for path in _files(folder)}


def _times(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in _files(folder)}
