"""What came of a sweep: a row for every run, as a table, a report and JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from framework.plain import finite_or_text
from framework.report import Report, Table
from framework.runs import FAILED, FINISHED, Run
from framework.runs.journal import read_journal
from framework.runs.names import short_names


@dataclass(frozen=True)
class Row:
    """One run of a sweep.

    Attributes:
        name: its combination in short, "k=0 seed=2".
        choices: key -> value as written, of what varies.
        status: "finished", "failed", "waiting", or "running" where its process outlived the sweep.
        run_id: its run.
        metrics: the final ones, `evaluator/metric`.
        seconds: of training.
        error: of a failed one.
        user_error: whether the error is the user's to mend.
        log: the file with all it printed.
    """

    name: str
    choices: dict[str, str]
    status: str
    run_id: str
    metrics: dict[str, float]
    seconds: float | None
    error: str
    user_error: bool
    log: str

    @classmethod
    def of(cls, run: Run, user_error: bool = False) -> Row:
        """The row of a run as its folder has it."""
        state, folder = run.state, run.folder
        if run.alive:
            status = "running"
        elif state.error or state.status == FAILED:
            status = "failed"
        else:
            status = "finished" if state.status == FINISHED else "waiting"
        seconds = sum(_seconds(path) for path in folder.rglob("metrics.jsonl")) or None
        log = str(folder / "output.log")
        return cls(
            state.name,
            state.choices,
            status,
            state.run_id,
            run.metrics,
            seconds,
            state.error,
            user_error and bool(state.error),
            log,
        )


@dataclass(frozen=True)
class Summary:
    """How a sweep stands.

    Attributes:
        name: the sweep's.
        run_id: the parent run in MLflow.
        tracking_uri: the store it is in.
        folder: the parent's run folder.
        rows: in the order of the combinations.
        best: the row's name that a search likes best; "" in a grid.
    """

    name: str
    run_id: str
    tracking_uri: str
    folder: Path
    rows: Sequence[Row]
    best: str = ""

    @property
    def failed(self) -> list[Row]:
        return [row for row in self.rows if row.status == "failed"]

    @property
    def finished(self) -> bool:
        return all(row.status == "finished" for row in self.rows)

    @property
    def exit_code(self) -> int:
        """0; 1 if a run crashed; 2 if all that failed is the user's to mend."""
        if not self.failed:
            return 0
        return 2 if all(row.user_error for row in self.failed) else 1

    def table(self) -> Table:
        """Combination, status, final metrics and seconds of every run."""
        metrics = short_names((name for row in self.rows for name in row.metrics), "/")
        return Table(
            ["combination", "status", *metrics.values(), "training s", "run"],
            [
                [row.name, row.status, *map(row.metrics.get, metrics), row.seconds, row.run_id[:8]]
                for row in self.rows
            ],
        )

    def report(self) -> Report:
        """The table, and why runs failed, as a page and JSON."""
        notes = [f"{row.name} failed: {row.error} (see {row.log})" for row in self.failed]
        return Report(
            tables={"Runs": self.table()}, notes=[*([f"Best: {self.best}"] if self.best else []), *notes]
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "sweep": self.name,
            "run_id": self.run_id,
            "folder": str(self.folder),
            "finished": self.finished,
            **({"best": self.best} if self.best else {}),
            "runs": [
                asdict(row)
                | {"metrics": {name: finite_or_text(value) for name, value in row.metrics.items()}}
                for row in self.rows
            ],
        }


def _seconds(journal: Path) -> float:
    """Of training, interruptions left out."""
    return max((record.metrics.get("time/seconds", 0.0) for record in read_journal(journal)), default=0.0)
