"""Run all combinations, under one parent run, and go on where a killed sweep stopped."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import re
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from framework.contracts import Progress
from framework.errors import UserError, did_you_mean
from framework.interruption import Interrupted, interruptible
from framework.plain import format_cell
from framework.progress import Bar, newest, span
from framework.recipe import Recipe, load
from framework.runs import (
    FAILED,
    FINISHED,
    KILLED,
    ROOT,
    RUNNING,
    SWEEP,
    Run,
    all_runs,
    children,
    write_atomically,
)
from framework.runs.folder import fitting
from framework.runs.names import short_names
from framework.runs.note import NOTE, note, sources
from framework.runs.record import begin, mark_if_dead
from framework.runs.store import Store, store_of
from framework.sweep.axes import Axes, Combination
from framework.sweep.executors import Executor, Handle, Orphan
from framework.sweep.executors.local import LocalProcesses
from framework.sweep.plan import Goal, Plan
from framework.sweep.results import Row, Summary

POLL = 0.1  # seconds between two looks at the runs
_SHOWN = 3  # metrics, on the line that tells of a finished run
#: Tag of the parent run; its value is the sweep's name.
SWEEP_TAG = "framework.sweep"
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
    quiet: bool = False,
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
        quiet: no progress line.

    Raises:
        UserError: a combination cannot be run, the sweep is being run by another process, or
            there is another sweep of this name.
        Interrupted: Ctrl-C or SIGTERM; what ran has written its checkpoint.
    """
    plan = Plan.make(Path(recipe), settings, goal)
    if goal is not None:
        import framework.sweep.study  # noqa: F401  (before anything is made: Optuna is an extra)
    chosen = name or plan.name
    if not re.fullmatch(r"[A-Za-z0-9][\w.=-]*", chosen):
        raise UserError(f"{chosen!r} cannot name a sweep: use letters, digits and . _ = -")
    facts = {
        "settings": list(plan.settings),
        "goal": dataclasses.asdict(goal) if goal else None,
        "digest": plan.digest,
    }
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".sweeps.lock"):
        run = next((found for found in _sweeps(root) if found.state.name == chosen), None)
        if run is None:
            run = _begin_parent(chosen, plan, facts, root)
        elif _facts(run)["digest"] != plan.digest:
            raise UserError(
                f"there is a sweep {chosen!r} with other values or another recipe\n"
                f"  go on with that one: framework sweep --resume {chosen}\n"
                f"  or give this one another name: --name"
            )
        _claim(run)
    write_atomically(run.folder / SWEEP, json.dumps(facts, indent=2) + "\n")  # perhaps with more trials
    return Sweep(run, plan.axes, plan, say, quiet).execute(executor or LocalProcesses())


def resume(
    text: str,
    *,
    executor: Executor | None = None,
    root: Path = ROOT,
    say: Callable[[str], None] = log.info,
    quiet: bool = False,
) -> Summary:
    """Go on with a sweep, with the recipe as it was when the sweep began.

    Args:
        text: the sweep's name, its parent run's id or the start of one.
        executor: where the runs are executed.
        root: where run folders are.
        say: told what happens.
        quiet: no progress line.
    """
    run = find_sweep(text, root)
    facts = _facts(run)
    axes = Axes.parse(facts["settings"], ranges=bool(facts["goal"]))
    plan = None
    if facts["goal"] or len(children(run)) < sum(1 for _ in axes.combinations()):
        goal = Goal(**facts["goal"]) if facts["goal"] else None
        plan = Plan.make(Path(run.state.recipe), facts["settings"], goal)
        plan.require(facts["digest"])
    _claim(run)
    return Sweep(run, axes, plan, say, quiet).execute(executor or LocalProcesses())


def find_sweep(text: str, root: Path = ROOT) -> Run:
    """Find a sweep by its name, its parent run's id, the start of either, or its folder.

    Raises:
        UserError: none or several fit.
    """
    sweeps = _sweeps(root)
    found = next((run for run in sweeps if text == str(run.folder)), None) or fitting(text, sweeps)
    if found is not None:
        return found
    names = [run.state.name for run in sweeps]
    hint = did_you_mean(text, names) or f"sweeps here: {', '.join(names[:8]) or 'none'}"
    raise UserError(f"no sweep {text!r} under {root}/\n  {hint}")


class Sweep:
    """A sweep being executed by this process, which has claimed its run.

    Args:
        run: the parent.
        axes: what varies.
        plan: what there is to run; None for a grid whose runs are all there.
        say: told what happens.
        quiet: no progress line.
    """

    def __init__(
        self, run: Run, axes: Axes, plan: Plan | None, say: Callable[[str], None], quiet: bool = False
    ) -> None:
        self.run = run
        self.axes = axes
        self.plan = plan
        self.goal = plan.goal if plan else None
        self.say = say
        self._running: list[tuple[Run, Handle]] = []
        self._users_to_mend: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._total = self._finished = 0
        self._stages = len(load(run.folder / "resolved.yaml").stages)
        self._bar = Bar("sweep", shown=not quiet, pause=60.0)

    def execute(self, executor: Executor) -> Summary:
        """Run what is not finished; what failed before is tried again."""
        with self._tracked(), interruptible() as interruption:
            try:
                with interruption.defer():
                    self._loop(executor, lambda: bool(interruption.signum))
            except BaseException as error:
                for _, handle in self._running:
                    handle.stop()
                if isinstance(error, Interrupted):
                    self.say(
                        f"go on with the same command, or: framework sweep --resume {self.run.state.name}"
                    )
                raise
        return self.summary()

    def summary(self) -> Summary:
        """How the sweep stands by its runs' folders."""
        state, runs = self.run.state, children(self.run)
        best = ""
        if self.goal is not None:
            values = {run.state.name: self._value(run) for run in runs if run.state.status == FINISHED}
            best = self.goal.best(values)
        rows = [Row.of(run, run.state.run_id in self._users_to_mend) for run in runs]
        return Summary(state.name, state.run_id, state.tracking_uri, self.run.folder, rows, best)

    def _loop(self, executor: Executor, asked_to_stop: Callable[[], bool]) -> None:
        left, new = self._take_stock(executor)
        stopping = False
        self._bar.begin("")
        while True:
            for entry in list(self._running):
                run, handle = entry
                if handle.done():
                    self._running.remove(entry)
                    self._finished += 1
                    self._close(Run.open(run.folder), handle.code, stopping)
            if asked_to_stop() and not stopping:
                stopping = True
                for _, handle in self._running:
                    handle.stop()
                self.say(f"stopping: {len(self._running)} running, each writes a checkpoint")
            while not stopping and (left or new) and len(self._running) < executor.slots:
                if not left:
                    new -= 1
                self._start(executor, left.pop(0) if left else self._next_of_search())
            if self._bar.due:
                self._show()
            if not self._running:
                return self._bar.end()
            time.sleep(POLL)

    def _show(self) -> None:
        """Show how far each running one is, and all together."""
        part, texts = 0.0, []
        for run, _ in self._running:
            stages = Run.open(run.folder).state.stages
            stage, now = newest(run.folder)
            share = min(now["done"] / now["total"], 1.0) if now.get("total") else 0.0
            label = " ".join(filter(None, (stage, now.get("label", "begins"))))
            text = f"{run.state.name}: {label}" + (f" {share:.0%}" if now else "")
            texts.append(text + (f", {span(now['left'])} left" if now.get("left") else ""))
            finished = {key for key, state in stages.items() if state.finished}
            begun = 0.0 if stage in finished else 1.0 if "evaluation" in label else share
            part += (len(finished) + begun) / self._stages
        self._bar.show(Progress(self._finished, self._total, "runs"), texts=texts, part=part)

    def _take_stock(self, executor: Executor) -> tuple[list[Run], int]:
        """Make what runs of a grid are missing, take hold of those that are alive.

        Returns:
            The runs that are not finished, and how many a search has still to make.
        """
        if self.plan is not None and self.goal is None:
            there = {run.state.name for run in children(self.run)}
            for combination, recipe in self.plan.checked:
                if combination.name not in there:
                    self._make(combination, recipe)
        runs = children(self.run)
        self._numbers = {run.state.run_id: number for number, run in enumerate(runs, 1)}
        self._total = max(len(runs), self.goal.trials if self.goal else 0)
        left = []
        for run in runs:
            if run.alive:
                self._running.append((run, Orphan(run)))
            elif run.state.status != FINISHED or run.state.error:
                mark_if_dead(run)
                left.append(run)
        new = self._total - len(runs)
        finished = self._finished = self._total - len(left) - new - len(self._running)
        self.say(
            f"sweep {self.run.state.name}: {self._total} runs, {finished} of them finished, "
            f"{executor.slots} at a time  (folder: {self.run.folder})"
        )
        for run, _ in self._running:
            self.say(f"{run.state.name} is still running, as process {run.state.pid}")
        return left, new

    def _next_of_search(self) -> Run:
        from framework.sweep.study import suggest

        assert self.plan is not None
        assert self.goal is not None
        runs = children(self.run)
        found = [(run.state.choices, self._value(run)) for run in runs if run.state.status == FINISHED]
        combination = self.axes.combination(suggest(self.axes, self.goal, found, seed=len(runs)))
        run = self._make(combination, self.plan.recipe_of(combination))
        self._numbers[run.state.run_id] = len(runs) + 1
        return run

    def _make(self, combination: Combination, recipe: Recipe) -> Run:
        """Make the run of a combination, which waits."""
        state = self.run.state
        names = {"experiment": state.experiment, "run_name": combination.name}
        if "${" not in state.tracking_uri:
            # Where a sweep is tracked must not depend on the environment of who goes on with it.
            names["uri"] = state.tracking_uri
        recipe = recipe.tracked_as(**names)
        return begin(recipe, self.run.folder.parent, state.run_id, combination.choices)[0]

    def _start(self, executor: Executor, run: Run) -> None:
        again = "goes on" if run.state.host else "begins"
        try:
            self._running.append((run, executor.start(run)))
        except OSError as error:
            raise UserError(f"cannot start {run.state.name}: {error}") from error
        self.say(f"{self._number(run)} {run.state.name} {again}  (log: {run.folder / 'output.log'})")

    def _close(self, run: Run, code: int | None, stopping: bool) -> None:
        """Tell what became of a run whose process has ended."""
        if run.alive:  # by another process, which was faster
            self._running.append((run, Orphan(run)))
            return
        if stopping:
            mark_if_dead(run)
        elif run.state.status == KILLED:
            run.release(KILLED, "it was stopped")
        elif run.state.status not in (FINISHED, FAILED) and not mark_if_dead(run, _death(code)):
            run.release(FAILED, _death(code))
        if code == 2:
            self._users_to_mend.add(run.state.run_id)
        state = run.state
        what = "finished" if state.status == FINISHED else "stopped, to be gone on with"
        if state.error:
            what = f"failed: {state.error}"
        elif state.status == FINISHED and self.goal is not None:
            self._value(run)
        shown = list(short_names(run.metrics, "/").items())[:_SHOWN]
        metrics = "  ".join(f"{short} {format_cell(run.metrics[name])}" for name, short in shown)
        self.say(f"{self._number(run)} {state.name} {what}  {metrics}".rstrip())

    def _note(self) -> str:
        """The description of the parent run."""
        summary, recipe = self.summary(), load(self.run.folder / "resolved.yaml")
        command = ["framework", "sweep", self.run.state.recipe, *_facts(self.run)["settings"]]
        finished = sum(row.status == "finished" for row in summary.rows)
        said = f"**{finished} of {len(summary.rows)} runs finished**"
        said += f", best: {summary.best}" if summary.best else ""
        return note(said, summary.table(), command, sources(recipe.stages.values()))

    def _number(self, run: Run) -> str:
        return f"[{self._numbers[run.state.run_id]}/{self._total}]"

    def _value(self, run: Run) -> float:
        assert self.goal is not None
        return self.goal.value(run.metrics)

    @contextlib.contextmanager
    def _tracked(self) -> Iterator[None]:
        """The parent run RUNNING now, and FINISHED, FAILED or KILLED at the end, with a report."""
        store = store_of(self.run.state.tracking_uri, self.run.state.run_id)
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
            _try(lambda: self.summary().report().save(folder, title=f"Sweep {self.run.state.name}"))
            _try(lambda: client.log_artifacts(run_id, str(folder), "sweep"))
            _try(lambda: client.set_tag(run_id, NOTE, self._note()))
            if not self._running:
                _try(lambda: _end_forgotten(store, self.run))
            _try(lambda: client.set_terminated(run_id, status))
            self.run.release(status)


def _begin_parent(name: str, plan: Plan, facts: dict[str, Any], root: Path) -> Run:
    recipe = plan.recipe.tracked_as(run_name=name)
    tags = {SWEEP_TAG: name, "framework.sweep.settings": " ".join(plan.settings)}
    return begin(recipe, root, files={SWEEP: json.dumps(facts, indent=2) + "\n"}, tags=tags)[0]


def _sweeps(root: Path) -> list[Run]:
    return [run for run in all_runs(root) if run.is_sweep]


def _facts(run: Run) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((run.folder / SWEEP).read_text(encoding="utf-8"))
    return facts


def _claim(run: Run) -> None:
    try:
        run.claim()
    except UserError:
        raise UserError(
            f"sweep {run.state.name!r} is being run by another process\n"
            "  wait for it, or give this one a name of its own: --name"
        ) from None


def _death(code: int | None) -> str:
    """How a process ended that did not say so itself."""
    if code is None:
        return "its process ended without a word"
    if code >= 0:
        return f"its process ended with exit code {code}"
    name = signal.Signals(-code).name
    return f"killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")


def _end_forgotten(store: Store, sweep: Run) -> None:
    """Mark runs as KILLED that a process made in MLflow and died before it made their folder."""
    run_id, known = sweep.state.run_id, {run.state.run_id for run in children(sweep)}
    experiment = store.client.get_run(run_id).info.experiment_id
    theirs = f"tags.`mlflow.parentRunId` = '{run_id}' and attributes.status = '{RUNNING}'"
    for nested in store.client.search_runs([experiment], theirs):
        if nested.info.run_id not in known:
            store.client.set_terminated(nested.info.run_id, KILLED)


def _try(call: Callable[[], Any]) -> None:
    """Do what the sweep can do without: its runs are recorded by themselves."""
    try:
        call()
    except Exception as error:
        log.warning("a part of the sweep's own record could not be kept: %s", str(error).partition("\n")[0])
