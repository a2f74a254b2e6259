"""The one road: recipe -> stages, each built, fitted and evaluated -> results in MLflow."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.errors import UserError, without_secrets
from framework.interruption import Interrupted, interruptible
from framework.plain import flatten
from framework.recipe import CheckpointRef, Recipe, Stage, load
from framework.report import Report
from framework.runs import (
    FAILED,
    FINISHED,
    KILLED,
    ROOT,
    RUNNING,
    Run,
    find_run,
    is_first_process,
    process,
    provenance,
    write_atomically,
)
from framework.runs.changes import Change, apply, history, propose, recipe_of
from framework.runs.checkpoints import DiskFullError, is_disk_full
from framework.runs.note import NOTE, note_of_run
from framework.runs.page import write as write_page
from framework.runs.record import PARENT, begin, mark_dead_runs, terminate
from framework.runs.store import Store, reason_of, store_of
from framework.runs.tracker import Tracker
from framework.shards import Shards
from framework.stage import StageRunner

log = logging.getLogger("framework")


@dataclass
class Result:
    """What came of a run.

    Attributes:
        run: its folder and state; `run.state.run_id` is its id in MLflow.
        reports: stage -> evaluator -> report, of the evaluations made just now.
        unsent: why the tracking server does not have everything, or "".
    """

    run: Run
    reports: dict[str, dict[str, Report]] = field(default_factory=dict)
    unsent: str = ""

    @property
    def metrics(self) -> dict[str, float]:
        """What the evaluators found, all of the run: `run.metrics`."""
        return self.run.metrics


class Experiment:
    """A recipe being executed in a run folder.

    Args:
        recipe: what to do.
        run: where; made by `Experiment.create`, or found by `Experiment.reopen`.
        store: the tracking store the run is in.
        quiet: no progress line.
    """

    def __init__(self, recipe: Recipe, run: Run, store: Store | None, quiet: bool = False) -> None:
        self.recipe = recipe
        self.run = run
        self.store = store
        self.quiet = quiet

    @classmethod
    def create(
        cls, recipe: Recipe, root: Path = ROOT, parent: str | None = None, quiet: bool = False
    ) -> Experiment:
        """Make the run in MLflow and its folder.

        Raises:
            UserError: the tracking store cannot be used; nothing is left behind.
        """
        if not is_first_process():
            return cls.of(Run.open(process.join(root)), quiet=True)
        mark_dead_runs(root)
        run, store = begin(recipe, root, parent or "")
        run.claim()
        process.announce(run.folder)
        return cls(recipe, run, store, quiet)

    @classmethod
    def reopen(
        cls, run: Run, quiet: bool = False, change: Change | None = None, force: bool = False
    ) -> Experiment:
        """Make this process an existing run's, to go on with it.

        Args:
            run: the run.
            quiet: no progress line.
            change: other values to go on with, as `framework.runs.changes.propose` allows them.
            force: take it over from another host, whose process is gone.

        Raises:
            UserError: another live process has it, or it cannot be gone on with.
        """
        if not is_first_process():
            return cls.of(Run.open(process.join(run.folder.parent)), quiet=True)
        experiment = cls.of(run, quiet)
        run.claim(force)
        apply(run, change)
        process.announce(run.folder)
        return cls(change.after, run, experiment.store, quiet) if change else experiment

    @classmethod
    def of(cls, run: Run, quiet: bool = False, tracked: bool = True) -> Experiment:
        """The experiment of an existing run, from its resolved recipe; to be `tracked`, or only looked at."""
        if run.is_sweep:
            raise UserError(
                f"run {run.state.run_id} is a sweep\n  go on with: framework sweep --resume {run.state.name}"
            )
        recipe = recipe_of(run)
        tracked = tracked and is_first_process()
        store = store_of(run.state.tracking_uri, run.state.run_id) if tracked else None
        return cls(recipe, run, store, quiet)

    def execute(self) -> Result:
        """Run every stage that is not finished.

        Raises:
            Interrupted: Ctrl-C or SIGTERM; a checkpoint is written and the run marked KILLED.
            UserError: something in the recipe or the machine has to be mended.
        """
        try:
            return self._execute()
        except Exception as error:
            if is_disk_full(error) and not isinstance(error, UserError):
                raise DiskFullError(self.run.folder) from error
            raise

    def _execute(self) -> Result:
        result = Result(self.run)
        experiment_id = self._experiment_id()
        with (
            self.tracked(self.run.state.run_id, self.run.folder) as tracker,
            interruptible() as interruption,
            process.outliving(lambda: self.run.alive, self._fail),
        ):
            if tracker is not None:
                self._describe(tracker)
                if changes := history(self.run):
                    tracker.artifacts(self.run.folder / "resolved.yaml")
                    tracker.tags({"framework.changes": "\n".join(changes)})
            for stage in self.recipe.stages.values():
                if self.run.stage(self.key(stage)).finished:
                    continue
                with self._stage_tracker(stage, tracker, experiment_id) as stage_tracker:
                    runner = self.runner(stage, stage_tracker, experiment_id)
                    result.reports[self.key(stage)] = runner.run_all(interruption)
                    self._note(stage_tracker, self.key(stage))
                if self.recipe.staged:
                    self._note(tracker)
                if not is_first_process():
                    self._await(self.key(stage))
            if is_first_process():
                self._show(tracker)
        result.unsent = self._unsent
        return result

    def _show(self, tracker: Tracker | None) -> None:
        """Write the run's page. Whatever is wrong with it, what was found is not lost to that."""
        try:
            page = write_page(self.run, self.recipe)
        except Exception as error:
            if is_disk_full(error):
                raise
            log.warning("there is no page of this run: %s: %s", type(error).__name__, error)
            return
        if tracker is not None:
            tracker.artifacts(page)

    def _note(self, tracker: Tracker | None, stage: str = "") -> None:
        """Describe what was found so far, unless the recipe has a description."""
        if tracker is not None and NOTE not in self.recipe.tracking.tags:
            tracker.tags({NOTE: note_of_run(self.run, self.recipe, stage)})

    def _await(self, key: str) -> None:
        """Wait until the first process is done with a stage; leave when it is gone."""
        while not self.run.stage(key).finished:
            if not self.run.alive:
                raise SystemExit(1)
            time.sleep(0.1)
            self.run.state = Run.open(self.run.folder).state

    def key(self, stage: Stage) -> str:
        """The stage's name in the run; "" for the only stage of a recipe without stages."""
        return stage.name if self.recipe.staged else ""

    def runner(self, stage: Stage, tracker: Tracker | None = None, experiment_id: str = "") -> StageRunner:
        """The runner of one of this recipe's stages."""
        return StageRunner(
            stage,
            self.key(stage),
            self.run,
            tracker,
            experiment_id,
            self.resolve,
            log_models=self.recipe.tracking.log_model,
            quiet=self.quiet,
        )

    def trained(self, stage: str | None = None, finished: bool = True) -> StageRunner:
        """The runner of a trained stage, the last one by default.

        Args:
            stage: its name.
            finished: whether it has to be trained to its end.

        Raises:
            UserError: the stage has no final checkpoint yet.
        """
        name = stage if stage is not None else list(self.recipe.stages)[-1]
        found = self.recipe.stages.get(name)
        if found is None:
            raise UserError(
                f"run {self.run.state.run_id} has no stage {name!r}: {', '.join(self.recipe.stages)}"
            )
        if finished and found.algorithm is not None and not self.run.stage(self.key(found)).checkpoint:
            raise UserError(
                f"run {self.run.state.run_id} is not trained to its end yet\n"
                f"  go on with: framework resume {self.run.state.run_id[:8]}"
            )
        if found.produces and not self.run.stage(self.key(found)).produced:
            raise UserError(
                f"run {self.run.state.run_id} has not made all of its data yet\n"
                f"  go on with: framework resume {self.run.state.run_id[:8]}"
            )
        return self.runner(found)

    def resolve(self, reference: CheckpointRef) -> Path:
        """What is behind `${checkpoint:NAME}` or `${output:NAME}`: an earlier stage's, else a run's.

        Raises:
            UserError: there is none, or it is not finished.
        """
        find = output_of if reference.what == "output" else checkpoint_of
        if self.recipe.staged and reference.name in self.recipe.stages:
            return find(self.run, reference.name)
        used, key = self.run.state.used, without_secrets(str(reference))
        other = find_run(used.get(key, reference.name), self.run.folder.parent)
        used[key] = other.state.run_id  # another run may take the name, or be `last`, later
        if self.run.state.status == RUNNING:
            self.run.save()
        stages = list(other.state.stages)
        if reference.what == "output":
            stages = [name for name in stages if other.state.stages[name].produced]
        return find(other, stages[-1] if stages else "")

    def _experiment_id(self) -> str:
        return self.store.experiment(self.run.state.experiment) if self.store is not None else ""

    def _fail(self) -> None:
        self.run.release(FAILED)
        terminate(self.run, FAILED)

    @contextlib.contextmanager
    def tracked(self, run_id: str, folder: Path) -> Iterator[Tracker | None]:
        """A tracker whose run ends FINISHED, FAILED or KILLED, never RUNNING."""
        self._unsent = ""
        if self.store is None:
            yield None
            return
        tracker = Tracker(self.store, run_id, folder)
        tracker.status("RUNNING")
        tracker.catch_up()
        monitor = _system_metrics(self.store.uri, run_id) if self.recipe.tracking.system_metrics else None
        status, failure = FAILED, ""
        try:
            yield tracker
            status = FINISHED
        except (Interrupted, KeyboardInterrupt):
            status = KILLED
            raise
        except Exception as error:
            kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
            failure = kind + without_secrets(reason_of(error))
            raise
        finally:
            if monitor is not None:
                monitor.finish()
            tracker.close()
            tracker.status(status)
            self._unsent = self._unsent or tracker.lost
            if run_id == self.run.state.run_id:
                with contextlib.suppress(OSError):  # a full disk; that this process is gone says as much
                    self.run.release(status, failure or self._unsent)

    @contextlib.contextmanager
    def _stage_tracker(
        self, stage: Stage, tracker: Tracker | None, experiment_id: str
    ) -> Iterator[Tracker | None]:
        # A recipe without stages has one, without a name: the run itself.
        key = self.key(stage)
        if not key or tracker is None or self.store is None:
            yield tracker
            return
        state = self.run.stage(key)
        if not state.run_id:
            tags = {PARENT: self.run.state.run_id}
            state.run_id = self.store.create_run(experiment_id, key, tags)
            self.run.save()
        with self.tracked(state.run_id, self.run.stage_folder(key)) as nested:
            yield nested

    def _describe(self, tracker: Tracker) -> None:
        """Record recipe, code, packages and machine; a resumed run keeps the first record."""
        folder = self.run.folder / "provenance"
        done = folder / "hardware.json"  # written last, lest a killed run never send the rest
        if done.exists():
            return
        folder.mkdir(exist_ok=True)
        hardware = provenance.hardware()
        if commit := provenance.git_commit(Path.cwd()):
            write_atomically(folder / "commit.txt", f"{commit}\n")
        write_atomically(folder / "pip-freeze.txt", provenance.pip_freeze())
        diff = provenance.git_diff(Path.cwd())
        if diff:
            write_atomically(folder / "uncommitted.diff", diff)
        tracker.artifacts(self.run.folder / "recipe.yaml")
        tracker.artifacts(self.run.folder / "resolved.yaml")
        tracker.params(flatten(self.recipe.resolved()))
        tracker.tags({f"hardware.{name}": str(value) for name, value in hardware.items()})
        write_atomically(done, json.dumps(hardware, indent=2) + "\n")
        tracker.artifacts(folder, "provenance")


def run(
    recipe: str | Path | Recipe,
    overrides: Iterable[str] = (),
    *,
    root: Path = ROOT,
    parent: str | None = None,
    quiet: bool = False,
) -> Result:
    """Run a recipe: train, evaluate, track.

    Args:
        recipe: a file, or one already loaded.
        overrides: `key=value`, as on the command line.
        root: where run folders go.
        parent: MLflow run this one is nested under.
        quiet: no progress line.

    Raises:
        UserError: the recipe, the store or the machine has to be mended.
        Interrupted: a signal ended it; `resume` goes on.
    """
    loaded = recipe if isinstance(recipe, Recipe) else load(Path(recipe), list(overrides))
    return Experiment.create(loaded, root, parent, quiet).execute()


def resume(
    text: str,
    overrides: Iterable[str] = (),
    *,
    root: Path = ROOT,
    quiet: bool = False,
    force: bool = False,
) -> Result:
    """Go on with a run that was interrupted, train it longer, or send what its server missed.

    Args:
        text: run id, name, start of either, folder or `last`.
        overrides: `key=value`, of what may change: budgets, the trainer's limits, evaluators, hardware.
        root: where run folders are.
        quiet: no progress line.
        force: take it over from another host, whose process is gone.

    Raises:
        UserError: a value may not change, another process has the run, or see `run`.
    """
    found, given = find_run(text, root), list(overrides)
    if found.done and not found.is_sweep and not given:
        return Result(found)
    change = propose(found, given) if given and is_first_process() and not found.is_sweep else None
    return Experiment.reopen(found, quiet, change, force).execute()


def checkpoint_of(run: Run, stage: str) -> Path:
    """The final checkpoint of a run's stage.

    Raises:
        UserError: it has none.
    """
    state = run.state.stages.get(stage)
    if state is None or not state.checkpoint:
        what = f"stage {stage!r} of run" if stage else "run"
        raise UserError(f"{what} {run.state.run_id} has no final checkpoint: it is not trained to its end")
    return run.stage_folder(stage) / "checkpoints" / state.checkpoint


def output_of(run: Run, stage: str) -> Path:
    """The folder of what a run's stage has produced.

    Raises:
        UserError: it has produced nothing, or not all yet, or some of it is gone.
    """
    state = run.state.stages.get(stage)
    what = f"stage {stage!r} of run {run.state.run_id}" if stage else f"run {run.state.run_id}"
    if state is None or not state.produced:
        raise UserError(f"{what} has no output: it makes no data, or not all of it is made yet")
    folder = run.output(stage)
    if not folder.is_dir():
        raise UserError(f"the output of {what} is gone: {folder} is not there")
    if missing := Shards(folder).missing():
        some = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        raise UserError(f"the output of {what} is not whole: {some} in {folder} is gone or cut")
    return folder


def _system_metrics(uri: str, run_id: str) -> Any:
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

    logging.getLogger("mlflow.system_metrics").setLevel(logging.ERROR)
    monitor = SystemMetricsMonitor(run_id, resume_logging=True, tracking_uri=uri)  # type: ignore[no-untyped-call]
    monitor.start()  # type: ignore[no-untyped-call]
    return monitor
