"""How many threads a training gets on a machine that others use, too."""

from __future__ import annotations

import logging
import math
from pathlib import Path

import psutil
import pytest
import torch

import framework
from framework import threads
from framework.experiment import Experiment
from framework.threads import allowed_processors, usable_threads


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Eight idle processors without a quota, and no OMP_NUM_THREADS."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(threads, "_QUOTAS", tuple(tmp_path / name for name in ("max", "quota", "period")))
    loaded(monkeypatch, [0.0] * 8)
    return monkeypatch


def loaded(monkeypatch: pytest.MonkeyPatch, shares: list[float]) -> None:
    monkeypatch.setattr(psutil, "cpu_percent", lambda interval, percpu: shares)


def test_all_are_used_where_they_are_free(machine: pytest.MonkeyPatch) -> None:
    assert [usable_threads(asked) for asked in (1, 2, 8)] == [1, 2, 8]


def test_busy_processors_are_left_to_others(
    machine: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loaded(machine, [100, 90, 10, 100, 100, 100, 100, 100])
    with caplog.at_level(logging.INFO):
        assert usable_threads(4) == 1
    assert "trainer.threads: 1 of 4, because 1.0 processors are free" in caplog.text
    loaded(machine, [100, 0, 10, 5, 100, 100, 100, 100])
    assert usable_threads(4) == 3
    loaded(machine, [100.0] * 8)
    assert usable_threads(2) == 1


def test_the_variable_decides_whatever_the_load(machine: pytest.MonkeyPatch) -> None:
    loaded(machine, [100.0] * 8)
    machine.setenv("OMP_NUM_THREADS", "3,2")
    assert [usable_threads(asked) for asked in (2, 3, 8)] == [2, 3, 3]
    machine.setenv("OMP_NUM_THREADS", "many")
    assert usable_threads(2) == 1


def test_affinity_and_quota_are_respected(machine: pytest.MonkeyPatch, tmp_path: Path) -> None:
    machine.setattr("os.sched_getaffinity", lambda _: {1, 5})
    assert usable_threads(4) == 2
    (tmp_path / "quota").write_text("150000\n")
    (tmp_path / "period").write_text("100000\n")
    assert allowed_processors() == 1.5 and usable_threads(4) == 1
    (tmp_path / "quota").write_text("-1\n")
    assert allowed_processors() == 2
    (tmp_path / "max").write_text("50000 100000\n")
    assert allowed_processors() == 0.5 and usable_threads(4) == 1
    (tmp_path / "max").write_text("max 100000\n")
    assert threads._quota() == math.inf


@pytest.mark.usefixtures("workplace")
def test_a_run_goes_on_with_as_many_as_it_began_with(machine: pytest.MonkeyPatch) -> None:
    counts: list[int] = []
    machine.setattr(torch, "set_num_threads", counts.append)
    loaded(machine, [100.0] * 6 + [0.0] * 2)
    run = framework.run("recipe.yaml", ["trainer.threads=4", "algorithm.steps=2"], quiet=True).run
    assert counts[-1] == run.state.stages[""].threads == 2
    loaded(machine, [0.0] * 8)
    assert Experiment.of(run, quiet=True, tracked=False).trained(None).threads() == 2
