"""Tasks of functions whose calls were seen while a test suite ran (section 4.2).

The paper traced the calls of functions in projects' continuous integration; what went in and came out
became the tests. Here a suite is run once under a profiler. A function becomes a task if it has a docstring,
its calls consist of plain data, what it needs of its module can be copied beside it, and it gives the same
results in the sandbox, every time.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from framework.contracts import Progress
from framework.errors import UserError
from framework_codex.curation import keeping, recorder
from framework_codex.curation.config import TracedTasksConfig
from framework_codex.curation.standalone import problem_of
from framework_codex.problem import Problem
from framework_codex.problems.installed import package

log = logging.getLogger("framework")


class TracedTasks:
    """Writes `problems.jsonl` and `dropped.jsonl`.

    Args:
        config: the parameters.
    """

    def __init__(self, config: TracedTasksConfig) -> None:
        self.config = config
        path = Path(config.traced)
        self.root = path.resolve() if path.exists() else package(config.traced).resolve()

    def produce(self, folder: Path, progress: Callable[[Progress], None]) -> None:
        if keeping.is_done(folder):
            return
        found = self._trace(folder)
        problems: list[Problem] = []
        dropped: dict[str, str] = {}
        for row in found:
            made = self._made(row)
            if isinstance(made, Problem):
                problems.append(made)
            else:
                dropped |= made
        progress(Progress(0, len(problems), "tasks"))
        dropped |= (out := keeping.unsteady(problems, self.config.judge, self.config.repeats))
        keeping.write(folder, [one for one in problems if one.task_id not in out], dropped)
        progress(Progress(len(problems), len(problems), "tasks"))

    def _trace(self, folder: Path) -> list[dict[str, Any]]:
        """Run the tests; functions and their calls."""
        out = folder / "calls.part"
        line = [sys.executable, recorder.__file__, str(out), str(self.root), str(self.config.most_calls)]
        try:
            done = subprocess.run(
                [*line, *self.config.tests], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=self.config.seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UserError(
                f"the tests did not end within {self.config.seconds:g} s: {' '.join(self.config.tests)}\n"
                "  raise `seconds`, or run fewer"
            ) from None
        said = done.stdout.decode("utf-8", "replace").strip().splitlines()[-5:]
        lines = out.read_text("utf-8").splitlines() if out.exists() else []
        out.unlink(missing_ok=True)
        if not lines:
            ended = "\n  ".join(["", *said])
            raise UserError(
                f"no call of a function of {self.config.traced} was seen with plain data, while Python ran "
                f"{' '.join(self.config.tests)}, which ended with status {done.returncode}{ended}"
            )
        if done.returncode:
            log.warning("the tests ended with status %d: %s", done.returncode, " ".join(said[-1:]))
        return [json.loads(line) for line in lines]

    def _made(self, row: dict[str, Any]) -> Problem | dict[str, str]:
        """A function's problem, or its name and why it has none."""
        path = Path(row["file"])
        inner = path.relative_to(self.root) if path != self.root else Path(path.name)
        task_id = f"{self.root.stem}/{inner.with_suffix('').as_posix()}:{row['line']}"
        if len(row["calls"]) < self.config.least_calls:
            return {task_id: f"only {len(row['calls'])} different calls were seen"}
        calls = [(given, result) for given, result in row["calls"]]
        made = problem_of(path.read_text("utf-8", "replace"), row["line"], task_id, calls)
        return made if isinstance(made, Problem) else {task_id: made}
