"""framework runs: the table and the JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from framework.runs import FAILED, KILLED, RUNNING, Run, StageState
from framework.runs.listing import in_bytes, in_time

from .conftest import Answer

Command = Callable[..., Answer]
MakeRun = Callable[..., Run]


@pytest.fixture
def several(make_run: MakeRun) -> None:
    """A sweep of two, a run with stages on another host, and one with a name of its own."""
    now = time.time()
    make_run("0aaa", "sweep-1a2b3c", created=now - 3 * 86400)
    for index in range(2):
        make_run(f"0ddd{index}", f"seed={index}", parent="0aaa".ljust(32, "0"), choices={"seed": str(index)},
                 created=now - 2 * 86400 + index)  # fmt: skip
    stages = {"base": StageState(reports={"loss": {"nats": 2.0}}),
              "tuned": StageState(reports={"pass": {"pass@1": 0.25, "pass@10": 0.5}})}  # fmt: skip
    make_run("0bbb", "codex-seed=0", RUNNING, host="other", pid=7, stages=stages, created=now - 7201)
    run = make_run(
        "0ccc", "mine", KILLED, overrides=["algorithm.k=0", "tracking.run_name=mine"], created=now - 61
    )
    (run.folder / "checkpoints").mkdir()
    (run.folder / "checkpoints" / "step.ckpt").write_bytes(bytes(2_000_000))
    (run.folder / "stray").symlink_to("nowhere")


def test_the_table(several: None, command: Command) -> None:
    answer = command("runs")
    assert answer.code == 0
    rows = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in answer.out.splitlines()]
    assert rows[0] == ["run", "name", "overrides", "status", "score", "metric", "age", "size"]
    assert rows[1] == ["0ccc0000", "mine", "algorithm.k=0", "killed", "1 min", "2 MB"]
    assert rows[2][1:6] == ["codex-seed=0", "running on other", "0.25", "tuned/pass/pass@1", "2 h"]
    assert [row[:4] for row in rows[3:]] == [
        ["0aaa0000", "sweep-1a2b3c", "finished", "3 d"],
        ["0ddd0000", "seed=0", "finished", "2 d"],
        ["0ddd1000", "seed=1", "finished", "1 d"],
    ]
    assert "5 runs, 2" in answer.err
    assert " free" in answer.err


def test_json(several: None, command: Command) -> None:
    first, second, *_ = json.loads(command("runs", "--json").out)
    assert (first["name"], first["overrides"], first["standing"], first["score"]) == (
        *("mine", ["algorithm.k=0", "tracking.run_name=mine"], "killed", None),
    )
    assert 2_000_000 < first["size"] < 2_010_000
    assert 60 < first["age"] < 600
    assert second["score"] == {"metric": "tuned/pass/pass@1", "value": 0.25}
    assert (second["alive"], second["host"]) == (True, "other")


def test_there_are_none(toy: object, command: Command) -> None:
    answer = command("runs")
    assert (answer.code, answer.out) == (0, "")
    assert "framework run RECIPE" in answer.err
    assert json.loads(command("runs", "--json").out) == []


def test_a_column_without_entries_is_left_out(make_run: MakeRun, command: Command) -> None:
    make_run("0a", "her-k=0-seed=1", FAILED, overrides=["algorithm.k=0", "seed=1"], created=time.time())
    assert command("runs").out.splitlines()[0].split() == ["run", "name", "status", "age", "size"]


def test_long_overrides_are_cut_in_the_table(make_run: MakeRun, command: Command) -> None:
    given = "trainer.callbacks=[" + 20 * "{use: EarlyStopping}, " + "]"
    make_run("0a", "mine", overrides=[given, "tracking.run_name=mine"], created=time.time())
    row = command("runs").out.splitlines()[1]
    assert f"  {given[:59]}…  " in row
    (listed,) = json.loads(command("runs", "--json").out)
    assert given in listed["overrides"]


def test_units() -> None:
    assert [in_bytes(count) for count in (0, 999, 1000, 12_345_678, 9.996e8, 5e13)] == [
        *("0 B", "999 B", "1 kB", "12.3 MB", "1 GB", "50 TB"),
    ]
    assert [in_time(seconds) for seconds in (-3, 0.4, 59.9, 60, 7199, 90_000)] == [
        *("0 s", "0 s", "60 s", "1 min", "1 h", "1 d"),
    ]
