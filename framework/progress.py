"""How far a stage is: a bar on the terminal, a line now and then where output is a file.

The same goes into a file beside the stage's checkpoints, for a sweep or another command to show.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO, TypeVar

from framework.contracts import Progress

T = TypeVar("T")
FILE = "progress.json"
_BAR = 20  # characters
_INTERVAL = 0.5  # seconds between two looks
_bars: list[Bar] = []  # on the terminal now
_listening: list[Bar] = []  # to evaluators


def tell(done: int, total: int, unit: str) -> None:
    """Say how far an evaluation is, cheaply: `tell(12, 200, "episodes")`."""
    for bar in _listening:
        if bar.due or done >= total:
            bar.show(Progress(done, total, unit), final=done >= total)


def counted(items: Iterable[T], total: int, unit: str) -> Iterator[T]:
    """Pass the items of an evaluation on, and tell how many there were so far."""
    for number, item in enumerate(items, start=1):
        yield item
        tell(number, total, unit)


def clear() -> None:
    """Take the bar off the terminal until it is shown again, to write something else."""
    while _bars:
        _bars[-1].clear()


def coloured(stream: TextIO) -> bool:
    """Whether a stream shows colours, and somebody wants them (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Bar:
    """One line, rewritten on a terminal: a label, how much is done, how fast, how long it will take.

    Args:
        title: of the stage; begins the line.
        shown: whether anything is; else only the file is written.
        file: where the progress is kept.
        stream: what it is shown on; by default stderr.
        pause: seconds between two lines where that is no terminal.
    """

    def __init__(
        self,
        title: str = "",
        *,
        shown: bool = True,
        file: Path | None = None,
        stream: TextIO | None = None,
        pause: float = 10.0,
    ) -> None:
        self.title = title
        self.file = file
        self.stream = (stream or sys.stderr) if shown else None
        self.terminal = self.stream is not None and self.stream.isatty()
        self.pause = 0.0 if self.terminal else pause
        self.seen: dict[str, float] = {}  # what the evaluators saw last, shown before other metrics
        self._axis = ""
        self._label = ""
        self._shown = self._printed = 0.0
        self._start: tuple[float, float] | None = None

    @property
    def due(self) -> bool:
        """Whether it is time to show something new."""
        return time.monotonic() - self._shown >= _INTERVAL

    def begin(self, label: str) -> None:
        """Begin to count something else: training, an evaluation."""
        self._label, self._start, self.seen = label, None, {}
        self._shown, self._printed = 0.0, time.monotonic()

    def show(
        self,
        progress: Progress,
        metrics: Mapping[str, Any] | None = None,
        texts: Iterable[str] = (),
        part: float = 0.0,
        final: bool = False,
    ) -> None:
        """Show how far it is.

        Args:
            progress: total 0 where it is not known.
            metrics: shown as they are named.
            texts: shown at the end.
            part: of further units, that is done too.
            final: to be shown in any case.
        """
        now = self._shown = time.monotonic()
        if self._start is None:
            self._start = (now, progress.done + part)
        elapsed, done = now - self._start[0], progress.done + part
        rate = (done - self._start[1]) / elapsed if elapsed > 0 else 0.0
        left = (progress.total - done) / rate if rate > 0 and progress.total > done else None
        self._keep(progress, left)
        if self.stream is not None and (final or now - self._printed >= self.pause):
            self._printed = now
            rest = [f"{_short(progress.done)}/{_short(progress.total)} {progress.unit}"]
            rest += [f"{_short(rate)}/s"] if rate >= 0.1 else []
            rest += [f"{span(left)} left"] if left is not None else []
            shown = {**self.seen, **(metrics or {})}
            more = [f"{name} {float(value):.4g}" for name, value in shown.items()]
            self._write(min(done / progress.total, 1.0) if progress.total else None, rest, [*more, *texts])

    @contextlib.contextmanager
    def evaluating(self, name: str) -> Iterator[None]:
        """Show an evaluation, of which `tell` says how far it is."""
        self.begin(f"evaluation {name}")
        if self.terminal:
            self._write()
        _listening.append(self)
        try:
            yield
        finally:
            _listening.remove(self)
            self.end()

    def end(self) -> None:
        """Leave the line as it is."""
        if self in _bars:
            _bars.remove(self)
            print(file=self.stream, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        if self in _bars:
            _bars.remove(self)
            print("\r\x1b[K", end="", file=self.stream, flush=True)

    def _write(self, share: float | None = None, rest: Sequence[str] = (), more: Sequence[str] = ()) -> None:
        assert self.stream is not None
        name = " ".join(filter(None, (self.title, self._label)))
        head = name if share is None else f"{name} {share:4.0%}"
        if not self.terminal:
            print("  ".join([head, *rest, *more]), file=self.stream, flush=True)
            return
        # A line that wraps cannot be rewritten: what is said last goes first, then the bar.
        width = shutil.get_terminal_size().columns - 1
        bar = ["." * _BAR] if share is not None else []
        while more and len("  ".join([head, *bar, *rest, *more])) > width:
            more = more[:-1]
        if len("  ".join([head, *bar, *rest, *more])) > width:
            bar = []
        while rest and len("  ".join([head, *rest])) > width:
            rest = rest[:-1]
        drawn = [_drawn(share, self.stream)] if share is not None and bar else []
        line = "  ".join([head[:width], *drawn, *rest, *more])
        print(f"\r\x1b[K{line}", end="", file=self.stream, flush=True)
        if self not in _bars:
            _bars.append(self)

    def _keep(self, progress: Progress, left: float | None) -> None:
        if self.file is None:
            return
        if not self._label.startswith("evaluation"):
            self._axis = progress.unit
        kept = {"label": self._label, **progress._asdict(), "left": left, "axis": self._axis}
        with contextlib.suppress(OSError):  # a full disk: whoever looks sees what was
            new = self.file.with_suffix(".new")
            new.write_text(json.dumps(kept), encoding="utf-8")
            new.replace(self.file)


def kept(folder: Path) -> dict[str, Any]:
    """What a stage keeps of its progress: label, done, total, unit, seconds left, unit of its axis; or {}."""
    try:
        found: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def newest(run: Path) -> tuple[str, dict[str, Any]]:
    """The stage of a run that was heard of last, "" without stages, and what it keeps."""
    files = [run / FILE, *run.glob(f"stages/*/{FILE}")]
    with contextlib.suppress(OSError, ValueError):
        last = max((file for file in files if file.exists()), key=lambda file: file.stat().st_mtime)
        return last.parent.name if last.parent != run else "", kept(last.parent)
    return "", {}


def span(seconds: float) -> str:
    """A span of time: 0:07, 12:30, 1:02:45."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _drawn(share: float, stream: TextIO) -> str:
    full, empty = "█", "░"
    try:
        (full + empty).encode(stream.encoding or "ascii")
    except UnicodeError:
        full, empty = "#", "-"
    done = round(share * _BAR)
    colour, plain = ("\x1b[32m", "\x1b[0m") if coloured(stream) else ("", "")
    return f"{colour}{full * done}{plain}{empty * (_BAR - done)}"


def _short(number: float) -> str:
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= limit:
            return f"{number / (limit if suffix != 'k' else 1e3):.3g}{suffix}"
    return f"{number:.4g}"
