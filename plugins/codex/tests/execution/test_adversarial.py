"""The adversarial suite: every program of `cases/`, judged in two passes.

Few passes, because programs also attack each other: an attack that succeeds shows in the next one.
Those that may run out of time have little of it; the others have more than a busy machine makes them need.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from framework_codex.execution import Judge, JudgeConfig, Limits, Verdict
from framework_codex.problem import Problem

pytestmark = pytest.mark.sandbox

CASES = Path(__file__).with_name("cases")
FAMILIES = sorted(path.stem for path in CASES.glob("*.txt"))
SECRET = "do-not-tell-4711"
CANARY = "framework-codex-canary"

#: What a program is judged by unless it brings its own tests: it should add.
ADDS = """
def check(candidate):
    assert candidate(2, 3) == 5
    assert candidate(-1, 1) == 0
    assert abs(candidate(0.5, 0.25) - 0.75) < 1e-9
    assert candidate(a=10**20, b=1) == 10**20 + 1
"""
LIMITS = Limits(cpu_seconds=10, wall_seconds=60, memory_mb=256, file_mb=8, threads=16, output_kb=16_384)
SHORT = replace(LIMITS, cpu_seconds=0.5, wall_seconds=1.5)

#: Text a table of cases cannot hold.
SUBSTITUTES = {"XXXX": "(" * 100_000 + ")" * 100_000, "NUL": "\0", "SURROGATE": "\ud800"}


@dataclass(frozen=True)
class Case:
    family: str
    name: str
    outcomes: frozenset[str]
    problem: Problem
    completion: str

    def __str__(self) -> str:
        return f"{self.family}-{self.name}"


def read(family: str) -> Iterator[Case]:
    for block in (CASES / f"{family}.txt").read_text("utf-8").split("\n==== ")[1:]:
        head, *lines = block.split("\n")
        name, outcomes = head.split(" | ")
        special = [line[3:] for line in lines if line.startswith("#! ")]
        prompt = [line[8:] for line in special if line.startswith("prompt: ")]
        asserts = [line[9:] for line in special if line.startswith("asserts: ")]
        right = [line[7:] for line in special if line.startswith("right: ")]
        check = [line for line in special if not line.startswith(("prompt: ", "asserts: ", "right: "))]
        text = "\n".join(line for line in lines if not line.startswith("#! "))
        for word, meant in SUBSTITUTES.items():
            text = text.replace(word, meant)
        problem = Problem(
            task_id=f"{family}/{name}",
            prompt="".join(f"{line}\n" for line in prompt),
            entry_point="solve",
            test="\n".join(asserts or check) or ADDS,
            test_kind="asserts" if asserts else "check",
            canonical_solution="\n".join(right),
        )
        yield Case(family, name, frozenset(outcomes.split(",")), problem, text)


ALL = [case for family in FAMILIES for case in read(family)]


class Server:
    """A service of the host that nobody should reach."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.visitors = 0
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            try:
                self.socket.accept()[0].close()
            except OSError:
                return
            self.visitors += 1

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


@dataclass
class Outcome:
    verdicts: dict[Case, Verdict]
    visitors: int
    new_files: set[str]
    processes: list[psutil.Process]


def files() -> set[str]:
    folders = [Path("/"), Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path.cwd(), Path.home()]
    return {str(path) for folder in folders for path in folder.iterdir()}


@pytest.fixture(scope="module")
def outcome() -> Iterator[Outcome]:
    server, before, others = Server(), files(), set(psutil.Process().children(recursive=True))
    os.environ["FRAMEWORK_CODEX_SECRET"] = SECRET
    try:
        verdicts: dict[Case, Verdict] = {}
        started: list[psutil.Process] = []
        for limits in (LIMITS, SHORT):
            cases = [case for case in ALL if ("timed_out" in case.outcomes) == (limits is SHORT)]
            with Judge(JudgeConfig(limits=limits, workers=2)) as judge:
                programs = [(one.problem, one.completion.replace("PORT", str(server.port))) for one in cases]
                verdicts |= zip(cases, judge.verdicts(programs), strict=True)
                started += set(psutil.Process().children(recursive=True)) - others
        yield Outcome(
            verdicts,
            server.visitors,
            {path for path in files() - before if "codex" in path or "left-behind" in path},
            psutil.wait_procs(started, timeout=60)[1],
        )
    finally:
        del os.environ["FRAMEWORK_CODEX_SECRET"]
        server.close()


@pytest.mark.parametrize("case", ALL, ids=str)
def test_verdict(case: Case, outcome: Outcome) -> None:
    verdict = outcome.verdicts[case]
    assert verdict.outcome in case.outcomes, verdict
    assert "\n" not in verdict.detail and len(verdict.detail) <= 300


def test_there_are_enough_cases() -> None:
    assert len(ALL) >= 80 and len({str(case) for case in ALL}) == len(ALL)


def test_host_is_untouched(outcome: Outcome) -> None:
    assert outcome.visitors == 0
    assert outcome.new_files == set()
    assert outcome.processes == []


def test_forged_programs_never_pass() -> None:
    assert not [str(case) for case in ALL if case.family == "forged" and "passed" in case.outcomes]
