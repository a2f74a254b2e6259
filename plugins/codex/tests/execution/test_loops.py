"""Programs that loop for ever, and such as only seem to: long limits, so that nothing else ends them."""

from __future__ import annotations

import pytest

from framework_codex.execution import Judge, JudgeConfig, Limits
from framework_codex.problem import Problem

pytestmark = pytest.mark.sandbox

PROBLEM = Problem(
    task_id="t", prompt="", entry_point="f", test="def check(candidate):\n    assert candidate(3) == 3\n"
)
CONFIG = JudgeConfig(workers=1, limits=Limits(cpu_seconds=20, wall_seconds=120))

ENDLESS = {
    "nothing": "def f(x):\n    while True: pass\n",
    "in the module": "n = 1\nwhile n > 0: n = abs(-n)\n",
    "stuck": (
        "def f(x):\n    i, s = 0, 'abc'\n    while i < len(s):\n        if s[i] == 'z':\n            i += 1\n"
        "    return x\n"
    ),
    "in turns": "def f(x):\n    a, b = 1, 2\n    while a != b: a, b = b, a\n    return x\n",
    "search": (
        "def f(x):\n    found, low, high = [1, 2, 4], 0, 2\n    while low <= high:\n"
        "        middle = (low + high) // 2\n        if found[middle] < x: low = middle\n"
        "        else: high = middle\n    return low\n"
    ),
    "with a loop within": (
        "def f(x):\n    n = 5\n    while n > 0:\n        for i in range(3):\n            if i > 5: n -= 1\n"
        "    return x\n"
    ),
}
BURN = "import time\ndef burnt(): return time.process_time() > 0.8\n"
ENDING = {
    "for": "def f(x):\n    for _ in [0] * 40_000_000: y = x\n    return x\n",
    "within": (
        "def f(x):\n    i = 0\n    while i < 4_000_000:\n        j = 0\n        while j < 3: j += 1\n"
        "        i += 1\n    return x\n"
    ),
    "down": "def f(x):\n    n = 30_000_000\n    while n > 0: n -= 1\n    return x\n",
    "iterator": (
        "def f(x):\n    left, v = iter(range(20_000_000)), 0\n    while v is not None: v = next(left, None)\n"
        "    return x\n"
    ),
    "clock": f"{BURN}def f(x):\n    while not burnt(): pass\n    return x\n",
    "thread": (
        f"{BURN}import threading\ngo = True\ndef stop():\n    global go\n"
        "    while not burnt(): time.sleep(0.01)\n    go = False\ndef f(x):\n"
        "    threading.Thread(target=stop).start()\n    while go: pass\n    return x\n"
    ),
    "timer": (
        "import signal\ngo = True\ndef off(*_):\n    global go\n    go = False\ndef f(x):\n"
        "    signal.signal(signal.SIGPROF, off)\n    signal.setitimer(signal.ITIMER_PROF, 0.8)\n"
        "    while go: pass\n    return x\n"
    ),
    "exception": (
        "def f(x):\n    n, count = 0, []\n    while True:\n        try:\n            int('a')\n"
        "        except ValueError:\n            count.append(0)\n"
        "            if len(count) > 1_500_000: return x\n"
    ),
    "list": (
        "def f(x):\n    a = []\n    b = a\n    while len(b) < 8_000_000: a += [0]\n    return x\n"
    ),
    "own class": (
        "class N(int):\n    def __gt__(self, other):\n        N.count += 1\n"
        "        return N.count < 6_000_000\nN.count = 0\ndef f(x):\n    n = N(1)\n"
        "    while n > 0: pass\n    return x\n"
    ),
    "own function": (
        "count = 0\ndef len(x):\n    global count\n    count += 1\n    return count\ndef f(x):\n"
        "    while len(x) < 8_000_000: pass\n    return x\n"
    ),
}  # fmt: skip


#: Those that a careless proof would accuse first.
NEAR = ("for", "within", "thread", "own function")


def test_what_loops_for_ever_is_ended_early_and_nothing_else() -> None:
    with Judge(CONFIG) as judge:
        endless = judge.verdicts((PROBLEM, text) for text in ENDLESS.values())
        ending = judge.verdicts((PROBLEM, ENDING[name]) for name in NEAR)
    for name, verdict in zip(ENDLESS, endless, strict=True):
        assert verdict.outcome == "timed_out" and "loops for ever" in verdict.detail, (name, verdict)
    for name, verdict in zip(NEAR, ending, strict=True):
        assert verdict.passed, (name, verdict)


@pytest.mark.slow
def test_what_only_takes_long_is_not_ended() -> None:
    with Judge(CONFIG) as judge:
        verdicts = judge.verdicts((PROBLEM, text) for text in ENDING.values())
    for name, verdict in zip(ENDING, verdicts, strict=True):
        assert verdict.passed, (name, verdict)
