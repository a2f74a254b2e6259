"""The parent of a sweep: a run in MLflow, and a folder with a folder for every child."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from framework.errors import UserError, did_you_mean
from framework.recipe import Recipe
from framework.runs import ROOT, Run, RunState, all_runs
from framework.runs.store import Store
from framework.sweep.axes import Combination
from framework.sweep.child import CHILDREN, Child, Job, take_lock
from framework.sweep.plan import Plan

#: Tag of the parent run; its value is the sweep's name.
SWEEP_TAG = "framework.sweep"


@contextlib.contextmanager
def owned(name: str, root: Path) -> Iterator[None]:
    """Make this the only process that runs the sweep.

    Raises:
        UserError: another does.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = take_lock(root / f"{name}.lock")
    if lock is None:
        raise UserError(
            f"sweep {name!r} is being run by another process\n"
            "  wait for it, or give this one a name of its own: --name"
        )
    try:
        yield
    finally:
        os.close(lock)


def find_sweep(text: str, root: Path = ROOT) -> Run:
    """Find a sweep by its name, its parent run's id or the start of one, or its folder.

    Raises:
        UserError: there is none.
    """
    sweeps = [run for run in all_runs(root) if (run.folder / CHILDREN).is_dir()]
    for run in sweeps:
        state = run.state
        if text in (state.name, str(run.folder)) or (len(text) >= 4 and state.run_id.startswith(text)):
            return run
    names = [run.state.name for run in sweeps]
    hint = did_you_mean(text, names) or f"sweeps here: {', '.join(names[:8]) or 'none'}"
    raise UserError(f"no sweep {text!r} under {root}{os.sep}\n  {hint}")


def open_parent(folder: Path) -> Run:
    """The parent run in this folder.

    Raises:
        UserError: it is gone.
    """
    if not (folder / CHILDREN).is_dir():
        raise UserError(f"the folder of the sweep is gone: {folder}\n  begin another with --name")
    return Run.open(folder)


def create_parent(name: str, plan: Plan, uri: str, root: Path) -> Run:
    """Make the parent run, and for a grid the folder of every combination.

    Raises:
        UserError: the tracking store cannot be used.
    """
    store = Store(uri)
    settings = plan.recipe.tracking_names
    experiment = settings.experiment or plan.recipe.name
    experiment_id = store.experiment(experiment, plan.recipe.tracking.artifact_location)
    tags = {
        "mlflow.source.name": str(plan.path),
        SWEEP_TAG: name,
        "framework.sweep.settings": " ".join(plan.settings)[:5000],
        **settings.tags,
    }
    run_id = store.create_run(experiment_id, name, tags)
    run = Run(root / run_id, RunState(run_id, name, experiment, store.recorded, str(plan.path), time.time()))
    (run.folder / CHILDREN).mkdir(parents=True)
    run.claim()
    combinations = plan.checked if plan.goal is None else ()
    for number, (combination, recipe) in enumerate(combinations):
        create_child(run, number, combination, recipe)
    return run


def create_child(run: Run, number: int, combination: Combination, recipe: Recipe) -> Child:
    """Make the folder of one child."""
    # Where the sweep is tracked must not depend on the environment of who goes on with it.
    names = {"experiment": run.state.experiment, "run_name": combination.name}
    if "${" not in run.state.tracking_uri:
        names["uri"] = run.state.tracking_uri
    job = Job(
        number,
        combination.name,
        combination.choices,
        list(combination.overrides),
        parent=run.state.run_id,
        recipe_name=recipe.name,
        recipe_path=str(recipe.path),
        written=recipe.written,
    )
    return Child.create(child_folder(run, number), job, recipe.tracked_as(**names))


def child_folder(run: Run, number: int) -> Path:
    """Where a child's folder is."""
    return run.folder / CHILDREN / f"{number:03d}"
