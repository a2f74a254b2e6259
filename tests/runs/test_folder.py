"""Run folders: how a run is named and found, and who has it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from framework.errors import UserError
from framework.runs import KILLED, RUNNING, Run, find_run, write_atomically
from framework.runs.names import default_name
from framework.sweep import find_sweep

MakeRun = Callable[..., Run]


@pytest.mark.parametrize(
    ("overrides", "seeds", "name"),
    [
        ([], [0], "her-seed=0"),
        (["algorithm.k=0", "seed=2"], [2], "her-k=0-seed=2"),
        (["tracking.experiment=x", "tracking.tags.a=b"], [0, 0], "her-seed=0"),
        (
            ["stages.a.algorithm.lr=1", "stages.b.algorithm.lr=2"],
            [0],
            "her-a.algorithm.lr=1-b.algorithm.lr=2-seed=0",
        ),
        (["stages.a.seed=1"], [1, 0], "her-a.seed=1"),
        (["k=0", "k=1"], [0], "her-k=1-seed=0"),
        (["x=" + 50 * "y"], [0], f"her-x={23 * 'y'}…-seed=0"),
    ],
)
def test_the_default_name_tells_runs_apart(overrides: list[str], seeds: list[int], name: str) -> None:
    assert default_name("her", overrides, seeds) == name


def test_a_run_is_found_by_what_fits_it_alone(make_run: MakeRun) -> None:
    one, two, three = make_run("abcd1"), make_run("abcd2", "her-k=0-seed=0"), make_run("ef01", "codex")
    for text in ("abcd1", one.state.run_id, "her-seed=0", "her-s", str(one.folder)):
        assert find_run(text).state.run_id == one.state.run_id
    assert find_run("her-k").state.run_id == two.state.run_id
    assert find_run("cod").state.run_id == find_run("last").state.run_id == three.state.run_id


def test_a_whole_name_wins_over_the_beginning_of_another(make_run: MakeRun) -> None:
    one = make_run("abcd1", "her")
    make_run("abcd2", "her-k=0")
    assert find_run("her").state.run_id == one.state.run_id


@pytest.mark.parametrize("text", ["abcd", "her-seed=0", "he"])
def test_what_fits_several_runs_is_refused_with_a_list_of_them(make_run: MakeRun, text: str) -> None:
    make_run("abcd1"), make_run("abcd2", status=KILLED), make_run("ef01", "codex")
    with pytest.raises(UserError) as caught:
        find_run(text)
    first, *rows = str(caught.value).splitlines()
    assert first == f"{text!r} fits 2 runs; say which by its id"
    assert [row.split()[:3] for row in rows] == [
        ["abcd2000", "her-seed=0", "(killed,"],
        ["abcd1000", "her-seed=0", "(finished,"],
    ]


def test_a_text_is_on_the_disk_before_it_takes_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "text"
    synced: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.exists()))
    write_atomically(path, "text")
    assert synced == [False] and path.read_text() == "text"


def test_a_long_list_of_candidates_is_cut(make_run: MakeRun) -> None:
    for index in range(11):
        make_run(f"abcd{index:02}")
    with pytest.raises(UserError, match=r"and 3 older ones: framework runs$"):
        find_run("her")


def test_a_live_run_of_this_host_is_never_taken_over(make_run: MakeRun) -> None:
    parent = psutil.Process(os.getppid())
    host = os.uname().nodename
    run = make_run("ab", status=RUNNING, pid=parent.pid, pid_created=parent.create_time(), host=host)
    assert run.alive
    for force in (False, True):
        with pytest.raises(UserError, match=f"still running, as process {parent.pid}"):
            run.claim(force)


def test_a_run_of_another_host_is_taken_over_if_told_so(make_run: MakeRun) -> None:
    run = make_run("ab", status=RUNNING, pid=1, host="other")
    assert run.standing == "running on other"
    with pytest.raises(UserError, match=r"said to be running on other, as process 1\n.*--force"):
        run.claim()
    run.claim(force=True)
    assert Run.open(run.folder).state.host == os.uname().nodename
    assert run.standing == "running"


def test_a_sweep_is_found_among_sweeps_alone(make_run: MakeRun) -> None:
    sweeps = [make_run(run_id, f"her-{run_id}") for run_id in ("ab01", "ab02")]
    for sweep in sweeps:
        (sweep.folder / "sweep.json").write_text("{}")
    make_run("cd01", "her-ab01-not")
    for text in ("ab01", "her-ab01", str(sweeps[0].folder)):
        assert find_sweep(text).state.run_id == sweeps[0].state.run_id
    with pytest.raises(UserError, match="'her' fits 2 runs"):
        find_sweep("her")
