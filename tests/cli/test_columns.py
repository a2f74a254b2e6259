"""Names with a line about each: cut to a terminal, whole in a pipe."""

from __future__ import annotations

import pytest

from framework.cli.columns import columns

ROWS = [("her/push", "A Fetch arm learns to push\n a block to a goal on the table"), ("ppo", "")]


def test_a_pipe_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    text = "A Fetch arm learns to push a block to a goal on the table"
    assert list(columns(ROWS)) == [f"  her/push  {text}", "  ppo"]


@pytest.mark.parametrize("width", [44, 52, 69, 70])
def test_a_terminal_gets_what_fits(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    line, _ = columns(ROWS)
    assert len(line) <= width
    assert line.endswith("table" if width >= 69 else " ...")


def test_there_may_be_nothing() -> None:
    assert list(columns([])) == []
