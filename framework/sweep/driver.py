"""Run all combinations, under one parent run, and go on where a killed sweep stopped."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framework.errors import UserError, did_you_mean
from framework.interruption import Interrupted, interruptible
from framework.recipe.variables import read
from framework.report import format_cell
from framework.runs import FAILED, FINISHED, KILLED, ROOT, RUNNING, Run
from framework.runs.store import Store, sqlite_path, tracking_uri
from framework.sweep.axes import Axes, short_names
from framework.sweep.child import Child, children_of
from framework.sweep.executor import Executor, Handle, LocalProcesses
from framework.sweep.parent import child_folder, create_child, create_parent, find_sweep, open_parent, owned
from framework.sweep.plan import Goal, Plan
from framework.sweep.results import Row, Summary

if TYPE_CHECKING:
    from framework.sweep.ledger import Entry, Ledger

POLL = 0.1  # seconds between two looks at the children
_SHOWN = 3  # metrics, on the line that tells of a finished run
_STATUS = {"COMPLETE": "finished", "FAIL": "failed", "WAITING": "waiting", "RUNNING": "running"}
log = logging.getLogger("framework")


def sweep(
    recipe: str | Path,
    settings: Sequence[str],
    *,
    name: str | None = None,
    goal: Goal | None = None,
    executor: Executor | None = None,
    root: Path = ROOT,
    say: Callable[[str], None] = log.info,
) -> Summary:
    """Run a recipe with all combinations of some values, or go on with that.

    Args:
        recipe: the file.
        settings: `key=value,value,...`, as `framework.sweep.axes` reads them.
        name: of the sweep; by default the recipe's and a digest of all combinations.
        goal: makes it a search in ranges rather than a grid.
        executor: where the runs are executed; by default one at a time on this machine.
        root: where run folders go.
        say: told what happens, a line at a time.

    Raises:
        UserError: a combination cannot be run, the sweep is being run by another process, or
            there is another sweep of this name.
        Interrupted: Ctrl-C or SIGTERM; what ran has written its checkpoint.
    """
    plan = Plan.make(Path(recipe), settings, goal)
    chosen = name or plan.name
    if not re.fullmatch(r"[A-Za-z0-9][\w.=-]*", chosen):
        raise UserError(f"{chosen!r} cannot name a sweep: use letters, digits and . _ = -")
    uri = tracking_uri(plan.recipe.tracking_names.uri)
    with owned(chosen, root):
        ledger = _ledger(uri, chosen)
        facts = ledger.facts()
        goal_facts = dataclasses.asdict(goal) if goal else None
        if facts is None:
            run = create_parent(chosen, plan, uri, root)
            children = {child.job.number: child.job.choices for child in children_of(run.folder)}
            facts = {
                "run_id": run.state.run_id,
                "recipe": str(plan.path),
                "settings": list(plan.settings),
                "goal": goal_facts,
                "digest": plan.digest,
            }
            # The record comes last: a sweep killed before it has none is begun anew.
            ledger.create(goal, children, facts)
        elif facts["digest"] != plan.digest:
            raise UserError(
                f"there is a sweep {chosen!r} with other values or another recipe\n"
                f"  go on with that one: framework sweep --resume {chosen}\n"
                f"  or give this one another name: --name"
            )
        else:
            run = open_parent(root / facts["run_id"])
            ledger.remember({**facts, "goal": goal_facts})  # perhaps with more trials
        sweep = Sweep(run, plan.axes, plan if goal else None, ledger, say)
        return sweep.execute(executor or LocalProcesses())


def resume(
    text: str,
    *,
    executor: Executor | None = None,
    root: Path = ROOT,
    say: Callable[[str], None] = log.info,
) -> Summary:
    """Go on with a sweep, with the recipe as it was when the sweep began.

    Args:
        text: the sweep's name, its parent run's id or the start of one.
        executor: where the runs are executed.
        root: where run folders are.
        say: told what happens.
    """
    run = find_sweep(text, root)
    name = run.state.name
    with owned(name, root):
        ledger = _ledger(run.state.tracking_uri, name)
        facts = ledger.facts()
        if facts is None or facts["run_id"] != run.state.run_id:
            raise UserError(f"sweep {name!r} was not begun to its end: begin it again with its own command")
        search = None
        if facts["goal"]:
            search = Plan.make(Path(facts["recipe"]), facts["settings"], Goal(**facts["goal"]))
            search.require(facts["digest"])
        axes = Axes.parse(facts["settings"], ranges=search is not None)
        return Sweep(open_parent(run.folder), axes, search, ledger, say).execute(executor or LocalProcesses())


class Sweep:
    """A sweep being executed by this process.

    Args:
        run: the parent.
        axes: what varies.
        search: what is searched; None for a grid, whose children all have their folders.
        ledger: the record.
        say: told what happens.
    """

    def __init__(
        self, run: Run, axes: Axes, search: Plan | None, ledger: Ledger, say: Callable[[str], None]
    ) -> None:
        self.run = run
        self.axes = axes
        self.search = search
        self.ledger = ledger
        self.say = say
        self._running: dict[int, tuple[Child, Handle]] = {}
        self._total = 0

    def execute(self, executor: Executor) -> Summary:
        """Run what is not finished; what failed before is tried again."""
        with self._tracked(), interruptible() as interruption:
            try:
                with interruption.defer():
                    self._loop(executor, lambda: bool(interruption.signum))
            except BaseException as error:
                for _, handle in self._running.values():
                    handle.stop()
                if isinstance(error, Interrupted):
                    self.say(f"go on with the same command, or: framework sweep --resume {self._name}")
                raise
        return self.summary()

    @property
    def _name(self) -> str:
        return self.run.state.name

    def summary(self) -> Summary:
        """How the sweep stands by its record and its children's folders."""
        entries = self.ledger.entries()
        best = self.ledger.best() if self.search else None
        state = self.run.state
        return Summary(
            state.name,
            state.run_id,
            state.tracking_uri,
            self.run.folder,
            [_row(self._child(number), entry) for number, entry in sorted(entries.items())],
            best="" if best is None else self._child(best).job.name,
        )

    def _loop(self, executor: Executor, asked_to_stop: Callable[[], bool]) -> None:
        left = self._reconcile(executor)
        stopping = False
        while left or self._running:
            for trial, (child, handle) in list(self._running.items()):
                if handle.done():
                    del self._running[trial]
                    self._close(trial, child, handle.death(), stopping)
            if asked_to_stop() and not stopping:
                stopping, left = True, 0
                self.say(f"stopping: {len(self._running)} running, each writes a checkpoint")
                for _, handle in self._running.values():
                    handle.stop()
            while left and len(self._running) < executor.slots:
                left -= 1
                self._begin(executor)
            time.sleep(POLL if self._running else 0.0)

    def _reconcile(self, executor: Executor) -> int:
        """Bring the record up to date with what a killed sweep left; return how many runs are left."""
        self.ledger.drop_unborn()
        entries = self.ledger.entries()
        left = 0
        for number, entry in sorted(entries.items()):
            child = self._child(number)
            if entry.state == "COMPLETE":
                continue
            if entry.state == "FAIL":
                self.ledger.retry(entry)
            elif entry.state == "RUNNING" and child.alive:
                self._running[entry.trial] = (child, executor.start(child))
                self.say(f"{child.job.name} is still running, as process {child.pid}")
                continue
            elif entry.state == "RUNNING" and child.outcome.status == FINISHED:
                self._close(entry.trial, child, "", stopping=False)
                continue
            elif entry.state == "RUNNING":
                self.ledger.wait(entry.trial)
            left += 1
        self._total = len(entries)
        if self.search is not None and self.search.goal is not None:
            self._total = max(self.search.goal.trials, len(entries))
            left += self._total - len(entries)
        finished = self._total - left - len(self._running)
        self.say(
            f"sweep {self._name}: {self._total} runs, {finished} of them finished, "
            f"{executor.slots} at a time  (folder: {self.run.folder})"
        )
        return left

    def _begin(self, executor: Executor) -> None:
        seed = len(self.ledger.entries()) if self.search else None
        trial, number, choices = self.ledger.begin(self.axes, seed)
        child = self._child(number) if number is not None else self._new_child(trial, choices)
        again = "goes on" if child.pid else "begins"
        child.forget_failure()
        try:
            self._running[trial] = (child, executor.start(child))
        except OSError as error:
            raise UserError(f"cannot start {child.job.name}: {error}") from error
        self.say(f"[{child.job.number + 1}/{self._total}] {child.job.name} {again}  (log: {child.log})")

    def _new_child(self, trial: int, choices: dict[str, str]) -> Child:
        assert self.search is not None
        combination = self.axes.combination(choices)
        number = max(self.ledger.entries(), default=-1) + 1
        child = create_child(self.run, number, combination, self.search.recipe_of(combination))
        self.ledger.note(trial, child=number)
        return child

    def _close(self, trial: int, child: Child, death: str, stopping: bool) -> None:
        """Record what became of a child whose process has ended."""
        outcome = child.outcome
        run = child.run
        self.ledger.note(trial, run_id=child.run_id, folder=str(run.folder) if run else "")
        if run is not None and run.state.status == RUNNING:
            from framework.experiment import mark_dead_runs

            mark_dead_runs(child.root)
        what = outcome.status.lower()
        if outcome.status == FINISHED:
            self.ledger.complete(trial, self._value(child))
        elif stopping and outcome.status != FAILED:
            self.ledger.wait(trial)
            what = "stopped, to be gone on with"
        else:
            what = outcome.error if outcome.status == FAILED else death or outcome.error
            what = what or "its process did not start"
            self.ledger.note(trial, error=what, user_error=outcome.user_error)
            self.ledger.fail(trial)
            what = f"failed: {what}"
        shown = list(short_names(child.metrics, "/").items())[:_SHOWN]
        metrics = "  ".join(f"{short} {format_cell(child.metrics[name])}" for name, short in shown)
        self.say(f"[{child.job.number + 1}/{self._total}] {child.job.name} {what}  {metrics}".rstrip())

    def _value(self, child: Child) -> float:
        if self.search is None or self.search.goal is None:
            return 0.0
        metric, metrics = self.search.goal.metric, child.metrics
        if metric not in metrics:
            raise UserError(
                f"the runs have no metric {metric!r} to search by\n"
                f"  {did_you_mean(metric, metrics) or 'they have: ' + (', '.join(metrics) or 'none')}"
            )
        value = metrics[metric]
        worst = -math.inf if self.search.goal.direction == "maximize" else math.inf
        return worst if math.isnan(value) else value

    def _child(self, number: int) -> Child:
        return Child(child_folder(self.run, number))

    @contextlib.contextmanager
    def _tracked(self) -> Iterator[None]:
        """The parent run RUNNING now, and FINISHED, FAILED or KILLED at the end, with a report."""
        self.run.claim()
        store = Store(self.run.state.tracking_uri)
        client, run_id = store.client, self.run.state.run_id
        _try(lambda: client.update_run(run_id, status=RUNNING))
        status = FAILED
        try:
            yield
            status = FAILED if self.summary().failed else FINISHED
        except (Interrupted, KeyboardInterrupt):
            status = KILLED
            raise
        finally:
            folder = self.run.folder / "sweep"
            _try(lambda: self.summary().report().save(folder, title=f"Sweep {self._name}"))
            _try(lambda: client.log_artifacts(run_id, str(folder), "sweep"))
            if not self._running:
                _try(lambda: _end_forgotten(store, run_id))
            _try(lambda: client.set_terminated(run_id, status))
            self.run.release(status)


def _row(child: Child, entry: Entry) -> Row:
    return Row(
        child.job.name,
        child.job.choices,
        _STATUS[entry.state],
        child.run_id,
        child.metrics,
        child.seconds,
        entry.error,
        entry.user_error,
        str(child.log),
    )


def _ledger(uri: str, name: str) -> Ledger:
    """The record, beside the tracking store's file, or in the working directory if that is a server."""
    from framework.sweep.ledger import FILE, Ledger  # Optuna is an extra

    local = sqlite_path(read(uri))
    return Ledger((local.parent if local is not None else Path()) / FILE, name)


def _end_forgotten(store: Store, run_id: str) -> None:
    """Mark the runs whose process died between making them and noting that it had.

    To be called when no child is left: whatever still counts as running then is dead.
    """
    experiment = store.client.get_run(run_id).info.experiment_id
    theirs = f"tags.`mlflow.parentRunId` = '{run_id}' and attributes.status = '{RUNNING}'"
    for nested in store.client.search_runs([experiment], theirs):
        store.client.set_terminated(nested.info.run_id, KILLED)


def _try(call: Callable[[], Any]) -> None:
    """Do what the sweep can do without: its runs are recorded by themselves."""
    try:
        call()
    except Exception as error:
        log.warning("a part of the sweep's own record could not be kept: %s", str(error).partition("\n")[0])
