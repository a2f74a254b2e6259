"""What is shown of progress, on a terminal and elsewhere, and what is kept for others to show."""

from __future__ import annotations

import io
import logging
import os
import re
from pathlib import Path

import pytest

from framework import progress
from framework.cli.console import _Handler
from framework.contracts import Progress
from framework.progress import Bar, kept, newest, tell


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class Clock:
    """The time, which passes when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(progress.time, "monotonic", lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(progress, "_bars", [])


def last_line(terminal: Terminal) -> str:
    """What stands on the terminal's line, without colours."""
    return re.sub(r"\x1b\[\d+m", "", terminal.getvalue().rpartition("\r\x1b[K")[2])


def test_a_terminal_shows_label_bar_unit_rate_and_what_is_left(clock: Clock) -> None:
    terminal = Terminal()
    bar = Bar("base", stream=terminal)
    bar.begin("training")
    bar.show(Progress(0, 20_000, "env steps"))
    clock.wait(10)
    bar.seen["success_rate/rate"] = 0.25
    bar.show(Progress(5_000, 20_000, "env steps"), {"train/loss": 1.0})
    drawn, counts = "█" * 5 + "░" * 15, "5000/20k env steps  500/s  0:30 left"
    expected = f"base training  25%  {drawn}  {counts}  success_rate/rate 0.25  train/loss 1"
    assert last_line(terminal) == expected
    assert "\x1b[32m" in terminal.getvalue()
    bar.end()
    assert terminal.getvalue().endswith("train/loss 1\n")


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    Bar(stream=terminal).show(Progress(1, 2, "steps"))
    assert "█" in terminal.getvalue() and "\x1b[32m" not in terminal.getvalue()


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 100])
def test_a_line_never_wraps(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = Terminal()
    bar = Bar("a_stage_of_some_length", stream=terminal)
    bar.begin("training")
    bar.show(Progress(5, 10, "env steps"), {f"metric_{i}": i for i in range(9)})
    line = last_line(terminal)
    assert 0 < len(line) < columns
    assert ("█" in line) == (columns >= 80) and ("metric_0 0" in line) == (columns >= 100)


def test_a_file_gets_a_line_now_and_then(clock: Clock) -> None:
    file = io.StringIO()
    bar = Bar(stream=file, pause=10)
    bar.begin("training")
    for done in range(25):
        bar.show(Progress(done, 25, "steps"))
        clock.wait(1)
    bar.show(Progress(25, 25, "steps"), final=True)
    bar.end()
    assert file.getvalue().splitlines() == [
        "training  40%  10/25 steps  1/s  0:15 left",
        "training  80%  20/25 steps  1/s  0:05 left",
        "training 100%  25/25 steps  1/s",
    ]


def test_an_evaluation_tells_how_far_it_is(clock: Clock) -> None:
    terminal = Terminal()
    bar = Bar("base", stream=terminal)
    tell(1, 4, "episodes")  # nobody is shown it
    with bar.evaluating("success_rate"):
        assert last_line(terminal) == "base evaluation success_rate"
        clock.wait(1)
        tell(1, 4, "episodes")
        assert "  25%" in last_line(terminal) and "1/4 episodes" in last_line(terminal)
        tell(2, 4, "episodes")  # too soon
        assert "1/4 episodes" in last_line(terminal)
        tell(4, 4, "episodes")
    assert "100%" in last_line(terminal) and last_line(terminal).endswith("4/4 episodes\n")
    before = terminal.getvalue()
    tell(1, 4, "episodes")
    assert terminal.getvalue() == before


def test_a_message_does_not_run_into_the_line() -> None:
    terminal = Terminal()
    bar = Bar(stream=terminal)
    bar.show(Progress(1, 2, "steps"))
    record = logging.LogRecord("framework", logging.WARNING, "", 0, "something", None, None)
    _Handler(io.StringIO()).emit(record)
    assert last_line(terminal) == ""
    bar.end()  # nothing is there to be ended
    assert not terminal.getvalue().endswith("\n")


def test_what_is_kept_can_be_read_though_nothing_is_shown(tmp_path: Path, clock: Clock) -> None:
    bar = Bar(shown=False, file=tmp_path / progress.FILE)
    bar.begin("training")
    bar.show(Progress(0, 100, "env steps"))
    clock.wait(4)
    bar.show(Progress(40, 100, "env steps"))
    expected = {"label": "training", "done": 40, "total": 100, "unit": "env steps", "left": 6.0}
    assert kept(tmp_path) == {**expected, "axis": "env steps"}
    with bar.evaluating("success_rate"):
        clock.wait(1)
        tell(1, 4, "episodes")
    found = kept(tmp_path)
    assert (found["label"], found["unit"], found["axis"]) == (
        "evaluation success_rate",
        "episodes",
        "env steps",
    )
    assert kept(tmp_path / "nothing") == {}


def test_of_a_run_the_stage_heard_of_last_counts(tmp_path: Path) -> None:
    assert newest(tmp_path) == ("", {})
    for age, stage in ((30, "base"), (20, "fine"), (10, "base")):
        file = tmp_path / "stages" / stage / progress.FILE
        file.parent.mkdir(parents=True, exist_ok=True)
        Bar(shown=False, file=file).show(Progress(age, 100, "steps"))
        os.utime(file, (1000 - age, 1000 - age))
    stage, found = newest(tmp_path)
    assert (stage, found["done"]) == ("base", 10)
    Bar(shown=False, file=tmp_path / progress.FILE).show(Progress(1, 2, "steps"))
    assert newest(tmp_path)[0] == ""
