"""Execution of programs nobody has read: which of them pass their problem's tests.

Three kinds of processes, each trusting only those above it:

    the judge (`judge`, `pool`, `cache`)     in the user's process: hands out programs, keeps verdicts
      a worker (`worker`, `checker`)         holds the tests and executes them, trusted code, outside
        a sandbox (`bubblewrap`, `sandbox`)  made once: no network, no files, no other processes
          its zygote (`inside.zygote`)       forks a child for each program, kills it, tidies up
            a child (`inside.child`)         the program, behind a system-call filter of its own

**The tests never enter the sandbox.** A worker executes them against stand-ins (`stand_ins`). A call
of the function under test becomes a message to the child (`session`, `inside.channel`), and its
result comes back as plain data (`inside.codec`), of exact built-in types, or as an opaque handle
that equals nothing but itself. So a program can do to its own process what it likes: nothing in
there knows the expected results, and nothing from there acts when results are compared. Helpers
that tests call come from the prompt and are executed outside as well, never from the program.

Tests of classes need more: their objects are compared, added, awaited by the program's own code.
How far a problem's tests may rely on that is found out by judging its canonical solution (`rules`),
and a problem whose canonical solution does not pass under any rules is called unjudgeable.

**Time** is processor time, read from outside, of all the program's threads; elapsed time is a
backstop, from which waiting for a busy machine's processors is taken off (`starvation`). Programs
that exceed a limit beside others are tried again alone, unless the excess leaves no doubt.

**Verdicts** of failed machinery do not exist: what is lost is tried again, and what cannot be tried
is a UserError. With a cache, verdicts are on disk before they are reported.

What this does not defend against: bugs of the kernel and of bubblewrap; measurements of time and of
caches that tell one program about another; and, with the backend `process`, reading and writing
what the user may read and write.
"""

from __future__ import annotations

from .judge import Judge
from .verdict import JudgeConfig, Limits, Verdict

__all__ = ["Judge", "JudgeConfig", "Limits", "Verdict"]
