from __future__ import annotations

import math
from contextlib import closing
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from framework.runs.journal import Journal, read_journal


def test_records_survive_reopening(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "metrics.jsonl")
    journal.append({"loss": 0.5, "return": math.nan}, step=1)
    journal.append({"loss": math.inf}, step=2)
    journal.close()
    records = read_journal(tmp_path / "metrics.jsonl")
    assert [record.step for record in records] == [1, 2]
    assert records[0].metrics["loss"] == 0.5
    assert math.isnan(records[0].metrics["return"])
    assert records[1].metrics["loss"] == math.inf


def test_a_repeated_step_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    journal = Journal(path)
    for step in range(5):
        journal.append({"loss": float(step)}, step)
    journal.close()
    resumed = Journal(path)
    for step in range(3, 8):  # as a run does that goes on from its checkpoint at step 2
        resumed.append({"loss": float(step)}, step)
    resumed.append({"accuracy": 1.0}, 4)  # a metric of its own starts where it likes
    resumed.close()
    assert [r.step for r in read_journal(path) if "loss" in r.metrics] == list(range(8))
    assert [r.step for r in read_journal(path) if "accuracy" in r.metrics] == [4]


@given(cut=st.integers(min_value=0, max_value=200))
def test_a_torn_line_is_cut_off(tmp_path_factory: object, cut: int) -> None:
    path = tmp_path_factory.mktemp("journal") / "metrics.jsonl"  # type: ignore[attr-defined]
    journal = Journal(path)
    for step in range(4):
        journal.append({"loss": float(step)}, step)
    journal.close()
    data = path.read_bytes()
    path.write_bytes(data[: max(0, len(data) - cut)])
    whole = data[: max(0, len(data) - cut)].count(b"\n")
    resumed = Journal(path)
    assert len(resumed.records) == whole
    for step in range(whole, 4):
        resumed.append({"loss": float(step)}, step)
    resumed.close()
    assert [(r.step, r.metrics) for r in read_journal(path)] == [(s, {"loss": float(s)}) for s in range(4)]


def test_pending_takes_up_where_sending_stopped(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    journal = Journal(path)
    for step in range(10):
        journal.append({"a": 1.0, "b": 2.0}, step)
    first = journal.pending(limit=6)
    assert [record.step for record in first] == [0, 1, 2]
    journal.mark_sent(len(first))
    journal.close()
    with closing(Journal(path)) as again:
        assert [record.step for record in again.pending(limit=4)] == [3, 4]
        assert len(again.pending(limit=1)) == 1  # one record, however large
        again.mark_sent(2)
        assert [record.step for record in again.pending(limit=4)] == [5, 6]


def test_a_sent_mark_beyond_the_journal_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    journal = Journal(path)
    journal.append({"a": 1.0}, 0)
    journal.mark_sent(1)
    journal.close()
    path.write_text("", encoding="utf-8")
    with closing(Journal(path)) as again:
        assert again.sent == 0
