"""One run of a sweep: its folder, and the process that runs it.

runs/<parent's run id>/children/003/
  job.json       what to run, and under which parent
  recipe.yaml    the resolved recipe of this combination
  run            the run's id, as soon as it has one
  lock           held while its process lives
  pid            that process
  failure.json   why it failed
  output.log     what it printed

The folder is all a child needs: `python -m framework.sweep FOLDER` begins it or
goes on with it, on whatever machine sees the folder.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.errors import UserError, without_secrets
from framework.runs import FINISHED, KILLED, RUNNING, Run, is_first_process, write_atomically
from framework.runs.journal import read_journal

if TYPE_CHECKING:
    from framework.recipe import Recipe

CHILDREN = "children"
WAITING = "WAITING"
FAILED = "FAILED"


@dataclass(frozen=True)
class Job:
    """What a child is to run.

    Attributes:
        number: of the child in its sweep, from 0.
        name: the combination in short, "k=0 seed=2".
        choices: key -> value as written, of what the sweep varies.
        overrides: all of the combination's `key=value`.
        parent: MLflow run of the sweep.
        recipe_name: the recipe's name.
        recipe_path: its file, for the record only.
        written: the recipe as written.
    """

    number: int
    name: str
    choices: dict[str, str]
    overrides: list[str]
    parent: str
    recipe_name: str
    recipe_path: str
    written: str


@dataclass(frozen=True)
class Outcome:
    """How a child stands.

    Attributes:
        status: WAITING, RUNNING, FINISHED, FAILED or KILLED.
        error: of a failed or killed one, in one line.
        user_error: whether that is the user's to mend, rather than a crash.
    """

    status: str
    error: str = ""
    user_error: bool = False


class Child:
    """The folder of one run of a sweep."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.job = Job(**json.loads((folder / "job.json").read_text(encoding="utf-8")))

    @classmethod
    def create(cls, folder: Path, job: Job, recipe: Recipe) -> Child:
        """Write the folder of a child that is to run `recipe`."""
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "recipe.yaml", recipe.to_yaml())
        write_atomically(folder / "job.json", json.dumps(asdict(job), indent=2) + "\n")
        return cls(folder)

    @property
    def root(self) -> Path:
        """Where run folders are."""
        return self.folder.parent.parent.parent

    @property
    def log(self) -> Path:
        return self.folder / "output.log"

    @property
    def run_id(self) -> str:
        """The MLflow run, "" before there is one."""
        return _read(self.folder / "run")

    @property
    def run(self) -> Run | None:
        """The run's folder as it stands now."""
        folder = self.root / self.run_id
        return Run.open(folder) if self.run_id and (folder / "state.json").is_file() else None

    @property
    def pid(self) -> int:
        """The process that runs it or ran it last, 0 if none did."""
        return int(_read(self.folder / "pid") or 0)

    def take(self) -> int | None:
        """Lock the child for a process to run it.

        Returns:
            A file descriptor that holds the lock until every copy of it is closed, or None:
            another process runs it.
        """
        return take_lock(self.folder / "lock")

    @property
    def alive(self) -> bool:
        """Whether some process runs it."""
        lock = self.take()
        if lock is None:
            return True
        os.close(lock)
        return False

    @property
    def outcome(self) -> Outcome:
        """How it stands by what its process left behind."""
        if self.alive:
            return Outcome(RUNNING)
        failure = _read(self.folder / "failure.json")
        if failure:
            return Outcome(FAILED, **json.loads(failure))
        run = self.run
        if run is not None and run.state.status == FINISHED:
            return Outcome(FINISHED)
        if not self.pid:
            return Outcome(WAITING)
        if run is not None and run.state.status == KILLED:
            return Outcome(KILLED, "it was stopped")
        return Outcome(KILLED, "its process ended without a word")

    def forget_failure(self) -> None:
        """Before it is tried again."""
        (self.folder / "failure.json").unlink(missing_ok=True)

    @property
    def metrics(self) -> dict[str, float]:
        """What its evaluators found so far: `evaluator/metric`, behind `stage/` where there are stages."""
        run = self.run
        stages = run.state.stages if run is not None else {}
        return {
            "/".join(part for part in (stage, evaluator, name) if part): value
            for stage, state in stages.items()
            for evaluator, metrics in state.reports.items()
            for name, value in metrics.items()
        }

    @property
    def seconds(self) -> float | None:
        """Training time, interruptions left out; None if nothing was logged."""
        run = self.run
        journals = run.folder.rglob("metrics.jsonl") if run is not None else []
        return sum(_seconds(path) for path in journals) or None


def children_of(folder: Path) -> Iterator[Child]:
    """Yield the children of the sweep whose run folder this is, in order; none for any other run."""
    for job in sorted(folder.glob(f"{CHILDREN}/*/job.json")):
        yield Child(job.parent)


def take_lock(path: Path) -> int | None:
    """Lock a file; return the descriptor that holds the lock, or None if another process does.

    The system lets go of it when the last process with the descriptor ends, however it ends.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def begin(child: Child) -> None:
    """Begin a child, or go on where it stopped.

    Raises:
        UserError, Interrupted: as `Experiment.execute`; or results did not reach the
            tracking store.
    """
    from framework.experiment import Experiment
    from framework.recipe import load_text

    job = child.job
    run = child.run
    if run is not None:
        run.claim()
        experiment = Experiment.reopen(run)
    else:
        text = (child.folder / "recipe.yaml").read_text(encoding="utf-8")
        recipe = dataclasses.replace(
            load_text(text, name=job.recipe_name),
            path=Path(job.recipe_path),
            written=job.written,
            overrides=tuple(job.overrides),
        )
        experiment = Experiment.create(recipe, child.root, job.parent)
        if is_first_process():
            write_atomically(child.folder / "run", experiment.run.state.run_id)
    result = experiment.execute()
    if result.unsent:
        uri = experiment.run.state.tracking_uri
        raise UserError(f"the tracking store {uri} does not have everything: {result.unsent}")


def main(folder: Path) -> int:
    """Run a child to its end in this process; return the exit code."""
    from framework.cli.console import show_log
    from framework.interruption import Interrupted, interruptible

    child = Child(folder)
    show_log()
    if is_first_process():
        write_atomically(folder / "pid", str(os.getpid()))
    try:
        with interruptible():
            begin(child)
    except Interrupted as signal:
        print(f"stopped by {signal}", file=sys.stderr)
        return signal.exit_code
    except UserError as error:
        print(f"error: {without_secrets(str(error))}", file=sys.stderr)
        _record(folder, str(error), user_error=True)
        return 2
    except Exception as error:
        print(without_secrets(traceback.format_exc()), file=sys.stderr)
        _record(folder, f"{type(error).__name__}: {error}", user_error=False)
        return 1
    return 0


def _record(folder: Path, message: str, user_error: bool) -> None:
    if not is_first_process():
        return
    line = without_secrets(message).strip().partition("\n")[0][:300]
    write_atomically(folder / "failure.json", json.dumps({"error": line, "user_error": user_error}))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def _seconds(path: Path) -> float:
    records: list[Any] = read_journal(path)
    return max((record.metrics.get("time/seconds", 0.0) for record in records), default=0.0)
