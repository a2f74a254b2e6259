"""Making room: runs removed whole, or what only training needs of those that are finished."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from framework.errors import UserError
from framework.recipe.variables import read
from framework.runs.folder import FINISHED, Run, all_runs
from framework.runs.listing import size
from framework.runs.record import PARENT
from framework.runs.store import Store, reason_of, sqlite_path


def with_children(runs: list[Run]) -> list[Run]:
    """The runs, each once, and those nested under them, such as a sweep's."""
    found = {run.state.run_id: run for run in runs}
    for run in runs:
        nested = [one for one in all_runs(run.folder.parent) if one.state.parent == run.state.run_id]
        found |= {one.state.run_id: one for one in reversed(nested) if one.state.run_id not in found}
    return list(found.values())


def users(run: Run) -> list[Run]:
    """The runs that are built from what this one has learned or made."""
    return [one for one in all_runs(run.folder.parent) if run.state.run_id in one.state.used.values()]


def remove(run: Run, *, record: bool = True, force: bool = False) -> int:
    """Remove a run's folder, and mark what MLflow has of it as deleted there.

    Args:
        run: not running.
        record: whether its record in MLflow goes too.
        force: also if another host is said to run it.

    Returns:
        Bytes that are free now.

    Raises:
        UserError: it is running, or the tracking store cannot be used; nothing is removed.
    """
    with run.unclaimed(force):
        freed = size(run.folder)
        if record:
            _delete_record(run)
        # Without its state nobody would know what the rest of a folder is: that goes last.
        for path in run.folder.iterdir():
            if path.name != "state.json":
                _unlink(path)
        shutil.rmtree(run.folder)
    return freed


def trim(run: Run) -> int:
    """Remove the replay buffers and older checkpoints of a finished run.

    It can be evaluated, played and served as before, but not be trained longer.

    Returns:
        Bytes that are free now.

    Raises:
        UserError: it is not finished.
    """
    with run.unclaimed():
        if run.state.status != FINISHED:
            raise UserError(
                f"run {run.state.run_id[:8]} is not finished: what would be trimmed is needed yet"
            )
        before = size(run.folder)
        trained = {key: stage for key, stage in run.state.stages.items() if stage.checkpoint}
        for stage in trained.values():
            stage.trimmed = True
        run.save()  # first, so that no crash leaves a run that seems to be able to go on
        for key, stage in trained.items():
            folder = run.stage_folder(key) / "checkpoints"
            # Evaluators look into the newest one for what they have seen, if another was better.
            newest = max((path.name for path in folder.glob("step-*.ckpt")), default="")
            kept = {f"{name}{suffix}" for name in (newest, stage.checkpoint) for suffix in ("", ".sha256")}
            old = (path for path in folder.glob("step-*") if path.name not in kept)
            for path in {*old, *folder.rglob("*.training")}:
                _unlink(path)
        return before - size(run.folder)


def _unlink(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _delete_record(run: Run) -> None:
    uri = run.state.tracking_uri
    path = sqlite_path(read(uri))
    if path is not None and not path.exists():
        return  # the record is gone already, and a store would be made anew
    try:
        store = Store(uri)
        for run_id in _recorded(store, run.state.run_id):
            store.client.delete_run(run_id)
    except UserError as error:
        raise UserError(f"{error}\n  to remove the folder alone: framework rm --keep-record") from error
    except Exception as error:
        raise UserError(
            f"the tracking store {uri} does not delete run {run.state.run_id[:8]}: {reason_of(error)}\n"
            "  to remove the folder alone: framework rm --keep-record"
        ) from error


def _recorded(store: Store, run_id: str) -> Iterator[str]:
    """The run, its stages and the evaluations of it, as far as they are there and not deleted."""
    try:
        info = store.client.get_run(run_id).info
    except Exception as error:
        if getattr(error, "error_code", "") == "RESOURCE_DOES_NOT_EXIST":
            return
        raise
    nested = store.client.search_runs([info.experiment_id], f"tags.`{PARENT}` = '{run_id}'")
    yield from (one.info.run_id for one in nested)
    if info.lifecycle_stage == "active":
        yield run_id
