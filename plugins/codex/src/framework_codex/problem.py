"""Problem: a programming task, its tests, and the program a completion makes of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypeAlias

from framework_codex.problems.values import decode

TestKind: TypeAlias = Literal["check", "asserts", "cases"]
Comparison: TypeAlias = Literal["equal", "set", "not_none", "root"]

#: What tests call where a program reads standard input.
ENTRY_OF_STDIN = "run_program"
_RUN = f'''

def {ENTRY_OF_STDIN}(text):
    """Run the program with `text` as standard input; what it prints."""
    import io
    import sys

    streams = sys.stdin, sys.stdout
    printed = io.BytesIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
    sys.stdout = kept = io.TextIOWrapper(printed, encoding="utf-8", write_through=True)
    try:
        exec(compile(_PROGRAM, "program.py", "exec"), {{"__name__": "__main__"}})
    except SystemExit as end:
        if end.code not in (None, 0):
            raise RuntimeError(f"the program ended with {{end.code!r}}") from None
    finally:
        sys.stdin, sys.stdout = streams
    kept.flush()
    return printed.getvalue().decode("utf-8", "replace")
'''


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One row of a split `problems`.

    Attributes:
        task_id: unique within its set.
        prompt: what the model continues.
        suffix: what follows the completion, for infilling.
        entry_point: name of the function the tests call.
        canonical_solution: a completion that passes; empty if none is known.
        test: Python code, trusted, run outside the sandbox. `check`: it defines
            `check(candidate)`. `asserts`: statements that call the entry point by name.
            `cases`: unused.
        test_kind: which of the three.
        setup: trusted code the tests stand on: imports, helpers, classes.
        cases: for `cases`, a JSON list of argument lists, with tuples, sets and complex numbers as
            `problems.values` writes them; the expected results are those of the canonical solution.
        comparison: for `cases`, when a result counts as right: `equal` to the expected one
            (floats within `atol`), the same `set`, `not_none` alike, or a `root` of the polynomial.
        atol: absolute tolerance of floats; 0 asks for equality.
        length: number of chained building blocks; 0 where it means nothing.
        examples: tests like `test`, of the examples the prompt shows; empty if they are to be looked
            for in the prompt (see `problems.examples`).
        stdin: the program reads standard input and prints. The tests then call the entry point
            `ENTRY_OF_STDIN` with the input, and get what was printed.
    """

    task_id: str
    prompt: str
    entry_point: str
    test: str = ""
    test_kind: TestKind = "check"
    suffix: str = ""
    canonical_solution: str = ""
    setup: str = ""
    cases: str = ""
    comparison: Comparison = "equal"
    atol: float = 0.0
    length: int = 0
    examples: str = ""
    stdin: bool = False

    @classmethod
    def of(cls, row: dict[str, Any]) -> Problem:
        """The problem in a dataset's row; other columns are left out."""
        return cls(**{field.name: row[field.name] for field in fields(cls) if field.name in row})

    def row(self) -> dict[str, Any]:
        """What a dataset keeps of it."""
        return asdict(self)

    def program(self, completion: str) -> str:
        """The whole program: prompt, completion, suffix."""
        text = self.prompt + completion + self.suffix
        return f"_PROGRAM = {text!r}\n{_RUN}" if self.stdin else text

    def arguments(self) -> list[list[Any]]:
        """The decoded `cases`."""
        decoded: list[list[Any]] = decode(self.cases) if self.cases else []
        return decoded
