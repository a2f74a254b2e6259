"""Judges one program after another in one sandbox: the tests run here, the programs there."""

from __future__ import annotations

import inspect
import os
import signal
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

from framework.errors import UserError
from framework_codex.problem import Problem

from . import comparison
from .inside.loops import LOOPS
from .rules import LEVELS, STRICT, Rules
from .sandbox import PATIENCE, Ended, Sandbox, SandboxDied
from .session import Over, Session
from .stand_ins import Named
from .trusted import Trusted
from .verdict import JudgeConfig, Outcome, Verdict

T = TypeVar("T")
#: Problems whose compiled tests and expected results are kept.
_KEPT = 256


class Judged(NamedTuple):
    """A verdict, and whether it has to be made again with nothing else running."""

    verdict: Verdict
    again: bool


class _Trial(NamedTuple):
    """What became of a program under some rules, and the operations its tests asked for."""

    judged: Judged
    asked: frozenset[str] = frozenset()


class Checker:
    """Owns a sandbox and replaces it when it is not clean any more.

    Args:
        config: how programs are executed.
        scratch: see `Sandbox`.
        prolong: told by how many seconds a verdict is put off, because a processor was waited for.
    """

    def __init__(
        self, config: JudgeConfig, scratch: str = "", prolong: Callable[[float], None] = lambda _: None
    ) -> None:
        self.config = config
        self.scratch = scratch
        self.prolong = prolong
        self.sandbox: Sandbox | None = Sandbox(config, scratch)
        self.kept: OrderedDict[Problem, Trusted] = OrderedDict()

    def judge(self, problem: Problem, completion: str, alone: bool) -> Judged:
        """Judge one program.

        Args:
            problem: whose tests decide.
            completion: what a model wrote.
            alone: nothing runs beside it, so the time it takes is its own.

        Raises:
            SandboxDied: twice, and a harmless program survives.
            UserError: the problem itself is broken.
        """
        trusted = self._trusted(problem)
        text = problem.program(completion)
        if problem.test_kind == "cases":
            if trusted.expected is None and not trusted.broken:
                trusted.expected = self._twice(lambda: self._expected(trusted))
            if trusted.broken:
                return Judged(Verdict("unjudgeable", trusted.broken), again=False)
            return self._attempt(trusted, text, alone).judged
        trial = self._attempt(trusted, text, alone)
        judged = trial.judged
        if judged.again or (judged.verdict.passed and not trial.asked):
            return judged
        # It failed, or its tests did what the rules for data forbid: how does the right program fare?
        if trusted.rules is None and self._find_rules(trusted, alone):
            return Judged(judged.verdict, again=True)
        if trusted.broken:
            return Judged(Verdict("unjudgeable", trusted.broken), again=False)
        if trusted.rules in (None, STRICT):
            return judged
        return self._attempt(trusted, text, alone, trusted.rules).judged

    def close(self) -> None:
        """End the sandbox."""
        if self.sandbox is not None:
            self.sandbox.close()
            self.sandbox = None

    def _trusted(self, problem: Problem) -> Trusted:
        if problem in self.kept:
            self.kept.move_to_end(problem)
        else:
            self.kept[problem] = Trusted(problem)
            if len(self.kept) > _KEPT:
                self.kept.popitem(last=False)
        return self.kept[problem]

    def _find_rules(self, trusted: Trusted, alone: bool) -> bool:
        """Set the rules of a problem to the strictest under which its canonical solution passes.

        Returns:
            Whether it has to be tried again, alone.
        """
        problem = trusted.problem
        if not problem.canonical_solution:
            trusted.rules = LEVELS[1] if trusted.has_classes else STRICT
            return False
        text = problem.program(problem.canonical_solution)
        reason = ""
        for rules in LEVELS:
            trial = self._attempt(trusted, text, alone, rules)
            verdict, again = trial.judged
            if again:
                return True
            if verdict.passed:
                trusted.rules = replace(rules, asks=trial.asked)
                return False
            reason = reason or f"{verdict.outcome} {verdict.detail}".strip()
        trusted.rules = STRICT
        trusted.broken = f"the problem's own canonical solution does not pass: {reason}"
        return False

    def _attempt(self, trusted: Trusted, text: str, alone: bool, rules: Rules = STRICT) -> _Trial:
        try:
            return self._twice(lambda: self._once(trusted, text, alone, rules))
        except SandboxDied:
            self._once(_HARMLESS, "def f():\n    return 1\n", alone, STRICT)
            return _Trial(Judged(Verdict("crashed", "ended its sandbox"), not alone))

    def _twice(self, do: Callable[[], T]) -> T:
        """Try again: what kills a sandbox may be the machine's lack of memory."""
        try:
            return do()
        except SandboxDied:
            self.close()
        try:
            return do()
        except SandboxDied:
            self.close()
            raise

    def _once(self, trusted: Trusted, text: str, alone: bool, rules: Rules) -> _Trial:
        sandbox = self.sandbox = self.sandbox or Sandbox(self.config, self.scratch)
        limits = self.config.limits
        patience = 1.0 if alone else PATIENCE
        with sandbox.start() as sock:
            session = Session(sock, sandbox, limits, limits.cpu_seconds * patience, self.prolong, rules)
            session.left = max(session.left, 2 * trusted.expected_bytes)
            finding = self._examine(session, trusted, text)
            session.give_up(*finding)  # whatever is left of the tests gets no answer any more
        ended = sandbox.end()
        if not ended.clean:
            self.close()
        if ended.status < 0:
            raise SandboxDied("it could not start a process")
        outcome, detail = self._explain(finding, ended)
        again = False
        if ended.cpu_seconds > limits.cpu_seconds:
            certain = ended.cpu_seconds >= limits.cpu_seconds * patience * 0.98
            outcome, detail = "timed_out", f"used {limits.cpu_seconds:g} s of processor time"
            again = not alone and not certain
        elif outcome == "timed_out":
            again = not alone and not _loops(ended)
        verdict = Verdict(outcome, _line(detail), round(ended.cpu_seconds, 6))
        return _Trial(Judged(verdict, again), frozenset(session.asked))

    def _examine(self, session: Session, trusted: Trusted, text: str) -> tuple[Outcome, str]:
        """Run program and tests; what they say, or the first reason for which it cannot pass."""
        finding: tuple[Outcome, str] = ("passed", "")
        try:
            session.run(text, trusted.problem.entry_point)
            if trusted.problem.test_kind == "cases":
                finding = self._cases(session, trusted)
            else:
                self._tests(session, trusted)
        except Over:
            finding = ("failed", "ended")
        except (SandboxDied, UserError):
            raise
        except BaseException as error:  # the tests may raise anything
            finding = _classify(session, trusted, error)
        return session.ended or finding

    def _tests(self, session: Session, trusted: Trusted) -> None:
        """Execute the tests with stand-ins for the names that are the program's."""
        problem = trusted.problem
        trusted.seed_generators()
        namespace = trusted.namespace(session.rules.shared)
        session.exceptions = trusted.exceptions(namespace)
        names = [Named(session, name) for name in trusted.remote(namespace)]
        namespace |= {object.__getattribute__(name, "__name__"): name for name in names}
        namespace |= session.own_exceptions(names[1:])
        candidate = namespace[problem.entry_point]
        exec(trusted.setup, namespace)
        exec(trusted.test, namespace)
        if problem.test_kind == "check":
            check = namespace.get("check")
            if not callable(check):
                raise UserError(f"problem {problem.task_id}: its test defines no check(candidate)")
            result = check(candidate)
            if inspect.iscoroutine(result):
                import asyncio

                asyncio.run(result)

    def _cases(self, session: Session, trusted: Trusted) -> tuple[Outcome, str]:
        """Compare results with the canonical solution's."""
        problem = trusted.problem
        expected = trusted.expected or []
        wrong: list[int] = []
        count = 0

        def take(result: Any) -> bool:
            nonlocal count
            if count >= len(expected) or not comparison.right(
                result, expected[count], trusted.arguments[count], problem.comparison, problem.atol
            ):
                wrong.append(count)
            count += 1
            return not wrong

        session.cases(trusted.body(), take)
        if wrong:
            return "failed", f"case {wrong[0]}: wrong result"
        if count != len(expected):
            return "failed", f"{count} results of {len(expected)}"
        return "passed", ""

    def _expected(self, trusted: Trusted) -> list[Any]:
        """Results of the canonical solution, computed where programs are."""
        problem = trusted.problem
        results: list[Any] = []
        sandbox = self.sandbox = self.sandbox or Sandbox(self.config, self.scratch)
        text = problem.program(problem.canonical_solution)

        def take(result: Any) -> bool:
            results.append(result)
            return True

        with sandbox.start() as sock:
            limits = self.config.limits
            session = Session(sock, sandbox, limits, limits.cpu_seconds * PATIENCE, self.prolong)
            session.left = sys.maxsize
            try:
                session.run(text, trusted.problem.entry_point)
                session.cases(trusted.body(), take)
            except SandboxDied:
                raise
            except (Over, Exception) as error:
                reason = session.ended[1] if session.ended else f"{type(error).__name__}: {error}"
                trusted.broken = f"the problem's own canonical solution does not run: {reason}"
            sandbox.end()
        trusted.expected_bytes = session.sent
        if session.theirs and problem.comparison != "not_none":
            trusted.broken = "the problem's own canonical solution returns objects, which cannot be compared"
        return results

    def _explain(self, finding: tuple[Outcome, str], ended: Ended) -> tuple[Outcome, str]:
        """What a process's own death adds to what the checker saw of it."""
        outcome, detail = finding
        if outcome == "crashed" and _loops(ended):
            return "timed_out", "loops for ever: nothing it depends on changes any more"
        if outcome != "crashed" or not os.WIFSIGNALED(ended.status):
            return outcome, detail
        number = os.WTERMSIG(ended.status)
        if number == signal.SIGXCPU:
            return "timed_out", f"used {self.config.limits.cpu_seconds:g} s of processor time"
        return outcome, f"its process was ended by {signal.Signals(number).name}"


def _loops(ended: Ended) -> bool:
    """Whether a program was ended because it was seen to repeat itself."""
    return os.WIFEXITED(ended.status) and os.WEXITSTATUS(ended.status) == LOOPS


def _classify(session: Session, trusted: Trusted, error: BaseException) -> tuple[Outcome, str]:
    """Tell a program's own exception from one that its result caused in the tests, or the tests alone."""
    for raised in session.raised:
        if raised.error is error:
            if isinstance(error, MemoryError):
                return "memory", raised.text
            if isinstance(error, NameError) and (unknown := trusted.unknown(error)):
                return "unjudgeable", f"its tests use the name {unknown!r}, which nobody defines"
            return ("blocked" if raised.forbidden else "exception"), _with_hint(error, raised.text)
    if _is_of_tests_alone(session, error):
        return "unjudgeable", f"its tests raise {type(error).__name__}: {error}"
    try:
        text = str(error)
    except BaseException:  # it holds an object of a program that has ended
        text = ""
    return "failed", f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_of_tests_alone(session: Session, error: BaseException) -> bool:
    """Whether tests raised something that no program can have caused."""
    if isinstance(error, AssertionError) or not isinstance(error, Exception):
        return False
    if session.questions == 0 or isinstance(error, (ImportError, SyntaxError)):
        return True
    return isinstance(error, AttributeError) and isinstance(error.obj, ModuleType)


def _with_hint(error: BaseException, text: str) -> str:
    """The text of a program's exception, and how a package that it lacks can be had."""
    if not isinstance(error, ModuleNotFoundError):
        return text
    return f"{text}; judge.packages makes installed packages importable"


def _line(text: str) -> str:
    """One line, printable, not long."""
    line = " ".join(text.split())[:200]
    return line.encode("ascii", "backslashreplace").decode() if not line.isprintable() else line


_HARMLESS = Trusted(
    Problem(task_id="harmless", prompt="", entry_point="f", test="assert f() == 1\n", test_kind="asserts")
)
