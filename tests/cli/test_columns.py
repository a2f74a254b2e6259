"""Names with a line about each, and tables: cut to a terminal, whole in a pipe."""

from __future__ import annotations

import pytest

from framework.cli.columns import columns, table

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


TABLE = [
    ("run", "name", "empty", "metric"),
    ("056c064e", "rnd-env_steps=6_000-episodes=4", "", "mean_return/return_median"),
]


def test_a_table_is_whole_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert list(table(TABLE)) == [
        "run       name                            metric",
        "056c064e  rnd-env_steps=6_000-episodes=4  mean_return/return_median",
    ]


def test_the_widest_columns_of_a_table_are_cut_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    _, line = table(TABLE)
    assert line == "056c064e  rnd-env_ste...episodes=4  mean_return...urn_median"
    monkeypatch.setenv("COLUMNS", "10")
    assert list(table(TABLE))[1] == "056c064e  rnd-e...es=4  mean_...dian"
