"""Run folders: where a run keeps on disk what it needs to be resumed.

runs/<run id>/
  recipe.yaml      the recipe as written
  resolved.yaml    the recipe as resolved: what a resumed run goes by
  state.json       status, process, finished stages and evaluations
  progress.json    how far it is; of a recipe with stages, in each one's folder
  sweep.json       of a sweep: what it runs; its children are runs that name it as their parent
  output.log       of a sweep's child: all it printed
  metrics.jsonl    every metric, whatever becomes of the tracking server
  checkpoints/     stage by stage
  output/          of a stage that makes data
  reports/         evaluator by evaluator
  report.html      all of it on one page, once it is finished
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from framework.errors import UserError, did_you_mean
from framework.runs.process import is_first_process

ROOT = Path("runs")

SWEEP = "sweep.json"
_LISTED = 8  # runs that a message names

WAITING, RUNNING, FINISHED, FAILED, KILLED = "WAITING", "RUNNING", "FINISHED", "FAILED", "KILLED"


@dataclass
class StageState:
    """What one stage has finished.

    Attributes:
        run_id: MLflow run of the stage; the run's own for a recipe without stages.
        checkpoint: file name of the final checkpoint, "" until trained.
        produced: whether all of its output is there, in a stage that makes data.
        model_logged: whether the trained model is in MLflow.
        reports: evaluator -> its metrics, for those that are done.
        limit: what ended its training early, such as "trainer.max_time", or "".
        trimmed: whether what it needs to be trained longer has been removed.
        longer: whether it was trained to its end once, and now goes on.
        threads: of torch, chosen when it began with `threads_asked`, the recipe's trainer.threads; 0 before.
    """

    run_id: str = ""
    checkpoint: str = ""
    produced: bool = False
    model_logged: bool = False
    reports: dict[str, dict[str, float]] = field(default_factory=dict)
    limit: str = ""
    trimmed: bool = False
    longer: bool = False
    finished: bool = False
    threads_asked: int = 0
    threads: int = 0


@dataclass
class RunState:
    """The contents of `state.json`.

    Attributes:
        status: WAITING to be begun, RUNNING, FINISHED, FAILED or KILLED.
        parent: the run it is nested under, such as a sweep; or "".
        choices: key -> value as written, of what its sweep varies.
        overrides: `key=value` as given with the recipe.
        changes: what it was gone on with: time, overrides, values (key -> before, after), commit.
        used: what `${checkpoint:...}` and `${output:...}` named -> the id of the run it meant.
        error: why it failed, in one line; of a FINISHED one, what the tracking store lacks.
    """

    run_id: str
    name: str
    experiment: str
    tracking_uri: str
    recipe: str
    created: float
    status: str = RUNNING
    pid: int = 0
    pid_created: float = 0.0
    host: str = ""
    parent: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    overrides: list[str] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    error: str = ""
    stages: dict[str, StageState] = field(default_factory=dict)


class Run:
    """One run folder."""

    def __init__(self, folder: Path, state: RunState) -> None:
        self.folder = folder
        self.state = state

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Read a run folder.

        Raises:
            UserError: `state.json` is missing or cannot be read.
        """
        path = folder / "state.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            stages = {name: StageState(**stage) for name, stage in data.pop("stages").items()}
            return cls(folder, RunState(**data, stages=stages))
        except FileNotFoundError:
            raise UserError(f"{folder} is not a run: it has no state.json") from None
        except (ValueError, TypeError, KeyError) as error:
            raise UserError(f"{path} cannot be read: {error}") from None

    def save(self) -> None:
        """Write `state.json` so that a crash leaves the old or the new one, never half.

        Only the first process of a distributed run has one.
        """
        if not is_first_process():
            return
        write_atomically(self.folder / "state.json", json.dumps(asdict(self.state), indent=2) + "\n")

    def stage(self, name: str) -> StageState:
        return self.state.stages.setdefault(name, StageState())

    def stage_folder(self, name: str) -> Path:
        return self.folder / "stages" / name if name else self.folder

    def output(self, name: str) -> Path:
        """Where a stage that makes data puts it."""
        return self.stage_folder(name) / "output"

    def claim(self, force: bool = False) -> None:
        """Make this process the run's.

        Args:
            force: also if another host is said to run it, whose processes cannot be looked at.

        Raises:
            UserError: another live process has it.
        """
        if not is_first_process():
            return
        with self.unclaimed(force):
            self.state.pid = os.getpid()
            self.state.pid_created = psutil.Process().create_time()
            self.state.host = socket.gethostname()
            self.state.status = RUNNING
            self.state.error = ""
            self.save()

    @contextlib.contextmanager
    def unclaimed(self, force: bool = False) -> Iterator[None]:
        """Keep other processes from claiming it meanwhile.

        Raises:
            UserError: a live process has it; with `force`, only one of this host counts.
        """
        # Two processes that both find nobody running it would both take it.
        with FileLock(self.folder / ".claim"):
            self.state = Run.open(self.folder).state if self.exists else self.state
            if self.elsewhere and not force:
                raise UserError(
                    f"run {self.state.run_id} is said to be running on {self.elsewhere}, as process "
                    f"{self.state.pid}\n  if it is not there any more, take the run over with --force"
                )
            if self.alive and not self.elsewhere and self.state.pid != os.getpid():
                raise UserError(f"run {self.state.run_id} is still running, as process {self.state.pid}")
            yield

    def release(self, status: str, error: str = "") -> None:
        """Leave the run with this status, and why."""
        self.state.status = status
        self.state.error = error
        self.state.pid = 0
        self.save()

    @property
    def page(self) -> Path:
        """Its page, written when it is finished (`framework.runs.page`)."""
        return self.folder / "report.html"

    @property
    def exists(self) -> bool:
        return (self.folder / "state.json").is_file()

    @property
    def is_sweep(self) -> bool:
        return (self.folder / SWEEP).is_file()

    @property
    def elsewhere(self) -> str:
        """The other host that is said to run it, or ""."""
        state = self.state
        there = state.status == RUNNING and state.pid and state.host != socket.gethostname()
        return state.host if there else ""

    @property
    def standing(self) -> str:
        """Its status in words."""
        if self.elsewhere:
            return f"running on {self.elsewhere}"
        dead = self.state.status == RUNNING and not self.alive
        limits = {stage.limit for stage in self.state.stages.values() if stage.limit}
        by = f" ({', '.join(sorted(limits))})" if self.state.status == FINISHED and limits else ""
        return (KILLED if dead else self.state.status).lower() + by

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do for it, and to send."""
        return self.state.status == FINISHED and not self.state.error

    @property
    def alive(self) -> bool:
        """Whether the process that runs it is there (always so for another host's run)."""
        state = self.state
        if state.status != RUNNING or not state.pid:
            return False
        if self.elsewhere:
            return True
        try:
            process = psutil.Process(state.pid)
            # Dead ones that nobody asked about are still there: in a container, perhaps for good.
            dead = process.status() == psutil.STATUS_ZOMBIE
            return not dead and abs(process.create_time() - state.pid_created) < 1.0
        except psutil.Error:
            return False

    @property
    def metrics(self) -> dict[str, float]:
        """`evaluator/metric`, behind `stage/` in a recipe with stages."""
        return {
            "/".join(part for part in (stage, evaluator, name) if part): value
            for stage, state in self.state.stages.items()
            for evaluator, metrics in state.reports.items()
            for name, value in metrics.items()
        }


def write_atomically(path: Path, text: str) -> None:
    """Replace a text file: all of it or nothing."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def all_runs(root: Path = ROOT) -> Iterator[Run]:
    """Yield the runs under `root`, newest first; unreadable folders are passed over."""
    found = []
    for path in root.glob("*/state.json"):
        try:
            found.append(Run.open(path.parent))
        except UserError:
            continue
    yield from sorted(found, key=lambda run: run.state.created, reverse=True)


def children(sweep: Run) -> list[Run]:
    """The runs of a sweep, in the order they were made."""
    found = [
        run
        for run in all_runs(sweep.folder.parent)
        if run.state.parent == sweep.state.run_id and run.state.choices
    ]
    return found[::-1]


def find_run(text: str, root: Path = ROOT) -> Run:
    """Find a run by id, name, folder, the beginning of an id or name, or `last`.

    Raises:
        UserError: none or several fit; the message lists those that do.
    """
    folder = Path(text)
    if (folder / "state.json").is_file():
        return Run.open(folder)
    runs = list(all_runs(root))
    if text == "last" and runs:
        return runs[0]
    if (found := fitting(text, runs)) is not None:
        return found
    names = [run.state.name for run in runs]
    newest = (
        "\n".join(["the newest are", *_lines(runs)]) if runs else "no run has been made in this directory"
    )
    hint = did_you_mean(text, names) or newest
    raise UserError(f"no run {text!r} under {root}{os.sep}\n  {hint}")


def fitting(text: str, runs: list[Run]) -> Run | None:
    """The run with this id or name, or else the one whose id or name begins like that; None if none does.

    Raises:
        UserError: several do.
    """
    fits: tuple[Callable[[RunState], bool], ...] = (
        lambda state: state.run_id == text,
        lambda state: state.name == text,
        lambda state: len(text) >= 4 and state.run_id.startswith(text),
        lambda state: bool(text) and state.name.startswith(text),
    )
    found: list[Run] = next(filter(None, ([run for run in runs if fit(run.state)] for fit in fits)), [])
    if len(found) > 1:
        more = [f"  and {len(found) - _LISTED} older ones: framework runs"] if len(found) > _LISTED else []
        raise UserError(
            "\n".join([f"{text!r} fits {len(found)} runs; say which by its id", *_lines(found), *more])
        )
    return found[0] if found else None


def _lines(runs: list[Run]) -> list[str]:
    """The first few runs, a line each."""
    return [
        f"  {run.state.run_id[:8]}  {run.state.name}  "
        f"({run.standing}, begun {time.strftime('%Y-%m-%d %H:%M', time.localtime(run.state.created))})"
        for run in runs[:_LISTED]
    ]


def describe(run: Run) -> dict[str, Any]:
    """A run in a few words, for JSON output."""
    state = run.state
    return {
        "run_id": state.run_id,
        "name": state.name,
        "status": state.status,
        "recipe": state.recipe,
        "overrides": state.overrides,
        "folder": str(run.folder),
        "metrics": run.metrics,
    }
