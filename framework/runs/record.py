"""A run's beginning in MLflow and on disk, and the end of those whose process is gone."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path

from framework.errors import UserError
from framework.recipe import Recipe
from framework.runs import provenance
from framework.runs.folder import (
    FAILED,
    KILLED,
    ROOT,
    RUNNING,
    WAITING,
    Run,
    RunState,
    all_runs,
    write_atomically,
)
from framework.runs.names import default_name
from framework.runs.store import Store, tracking_uri

PARENT = "mlflow.parentRunId"


def begin(
    recipe: Recipe,
    root: Path,
    parent: str = "",
    choices: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    tags: Mapping[str, str] | None = None,
) -> tuple[Run, Store]:
    """Make a run in MLflow and its folder, WAITING for a process to claim it.

    Args:
        recipe: what it is to run.
        root: where run folders go.
        parent: the run it is nested under.
        choices: of a sweep's child.
        files: name -> text, to be in the folder from the beginning.
        tags: set in MLflow beside the recipe's.

    Raises:
        UserError: the tracking store or the folder cannot be used; nothing is left behind.
    """
    settings = recipe.tracking_names
    store = Store(tracking_uri(settings.uri))
    experiment = settings.experiment or recipe.name
    experiment_id = store.experiment(experiment, recipe.tracking.artifact_location)
    seeds = [stage.seed for stage in recipe.stages.values()]
    name = settings.run_name or default_name(recipe.name, recipe.overrides, seeds)
    source = str(recipe.path or recipe.name)
    every = {
        "mlflow.source.name": source,
        "mlflow.source.type": "LOCAL",
        "mlflow.source.git.commit": provenance.git_commit(Path.cwd()),
        "mlflow.user": os.environ.get("USER", ""),
        PARENT: parent,
        **(tags or {}),
        **settings.tags,
    }
    run_id = store.create_run(experiment_id, name, {key: value for key, value in every.items() if value})
    state = RunState(run_id, name, experiment, store.recorded, source, time.time(), status=WAITING)
    state.parent, state.choices, state.overrides = parent, dict(choices or {}), list(recipe.overrides)
    run = Run(root / run_id, state)
    try:
        run.folder.mkdir(parents=True)
        texts = {"recipe.yaml": recipe.written, "resolved.yaml": recipe.to_yaml(), **(files or {})}
        for file, text in texts.items():
            write_atomically(run.folder / file, text)
        run.save()
        if choices:  # it may wait for long
            with contextlib.suppress(Exception):
                store.client.update_run(run_id, status="SCHEDULED")
    except OSError as error:
        store.client.set_terminated(run_id, FAILED)
        raise UserError(f"cannot write the run folder {run.folder}: {error.strerror}") from error
    return run, store


def mark_dead_runs(root: Path = ROOT) -> list[Run]:
    """Mark runs whose process is gone (kill -9, power cut) as KILLED; return them."""
    return [run for run in all_runs(root) if run.state.status == RUNNING and mark_if_dead(run)]


def mark_if_dead(run: Run, error: str = "") -> bool:
    """Mark this run as KILLED, here and in MLflow, if its process is gone."""
    if run.state.status != RUNNING or not run.state.pid or run.alive:
        return False
    run.release(KILLED, error)
    terminate(run, KILLED)
    return True


def terminate(run: Run, status: str) -> None:
    """Tell the tracking store that a run is over, and the stages that it had begun."""
    with contextlib.suppress(Exception):
        store = Store(run.state.tracking_uri, kept=True)
        store.client.set_terminated(run.state.run_id, status)
        for stage in run.state.stages.values():
            if stage.run_id and not stage.finished:
                store.client.set_terminated(stage.run_id, status)
