"""Verdicts on disk: what was judged once is not judged again, even after a kill."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import sqlite3
import time
from dataclasses import asdict
from pathlib import Path
from typing import cast

from framework.errors import UserError
from framework_codex.problem import Problem

from .packages import dependencies
from .verdict import JudgeConfig, Outcome, Verdict

#: Part of every key; to be raised when the judge comes to judge differently.
JUDGE_VERSION = 3

#: Seconds to wait for other processes.
_PATIENCE = 60.0

_TEST_FIELDS = (
    "entry_point", "test", "test_kind", "setup", "cases", "comparison", "atol", "prompt", "suffix", "task_id",
    "canonical_solution", "stdin",
)  # fmt: skip


class Keys:
    """Makes the key of a program: everything its verdict depends on.

    Args:
        config: how it is executed; the number of workers does not matter.
    """

    def __init__(self, config: JudgeConfig) -> None:
        names = {*config.packages, *dependencies(config.packages)}
        packages = {name: _version(name) for name in sorted(names)}
        self.base = json.dumps(
            [
                JUDGE_VERSION,
                platform.python_version(),
                platform.machine(),
                config.backend,
                packages,
                asdict(config.limits),
            ],
            sort_keys=True,
        )
        self.problems: dict[Problem, bytes] = {}

    def key(self, problem: Problem, completion: str) -> bytes:
        """SHA-256 of what decides."""
        start = self.problems.get(problem)
        if start is None:
            row = problem.row()
            fields = [row[name] for name in _TEST_FIELDS]
            start = hashlib.sha256((self.base + json.dumps(fields)).encode()).digest()
            self.problems[problem] = start
        text = problem.program(completion).encode("utf-8", "surrogatepass")
        return hashlib.sha256(start + text).digest()


def _version(package: str) -> str:
    for name in importlib.metadata.packages_distributions().get(package, [package]):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


class Cache:
    """A file of verdicts, shared by any number of processes.

    Args:
        path: of the SQLite file; made if it is not there.

    Raises:
        UserError: it is something else, or cannot be written.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Writers of other processes are waited for; a judge may be used from any one thread.
            self.database = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            self._share()
            self.database.execute("PRAGMA synchronous=NORMAL")
            self.database.execute(
                "CREATE TABLE IF NOT EXISTS verdicts "
                "(key BLOB PRIMARY KEY, outcome TEXT NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID"
            )
        except (sqlite3.Error, OSError) as error:
            raise UserError(
                f"{path}: cannot keep verdicts here: {error}\n  remove the file or give another"
            ) from None

    def _share(self) -> None:
        """Switch to a log that readers and a writer share; SQLite waits for nobody who does the same."""
        last = time.monotonic() + _PATIENCE
        while True:
            try:
                self.database.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > last:
                    raise
                time.sleep(0.01)
            else:
                return

    def get(self, key: bytes) -> Verdict | None:
        """The verdict on a program, if it is known."""
        row = self.database.execute("SELECT outcome, detail FROM verdicts WHERE key = ?", (key,)).fetchone()
        return Verdict(cast("Outcome", row[0]), row[1]) if row else None

    def put(self, key: bytes, verdict: Verdict) -> None:
        """Keep a verdict; it survives the death of this process from here on."""
        try:
            self.database.execute(
                "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?)", (key, verdict.outcome, verdict.detail)
            )
        except sqlite3.OperationalError as error:  # such as a full disk
            raise UserError(
                f"cannot keep a verdict: {error}\n  those before it are kept: make room and go on"
            ) from None

    def close(self) -> None:
        """Close the file."""
        self.database.close()
