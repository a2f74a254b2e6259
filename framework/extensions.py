"""The callbacks and loggers that a recipe adds to its trainer, built; and the best checkpoint of theirs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint

from framework.errors import UserError
from framework.recipe.extensions import FOLDERS
from framework.runs.checkpoints import is_whole

if TYPE_CHECKING:
    from framework.recipe import CheckpointRef, Use


def build_extensions(
    uses: Iterable[Use], wanted: type, folder: Path, resolve: Callable[[CheckpointRef], Path]
) -> list[Any]:
    """Build callbacks or loggers.

    Args:
        uses: their sections.
        wanted: what each has to be.
        folder: where those write that the recipe gives no place.
        resolve: finds the file of a checkpoint.

    Raises:
        UserError: one cannot be imported or built, or is something else.
    """
    built = []
    for use in uses:
        named = {name: str(folder) for name in FOLDERS if name in use.component.signature}
        placed = dataclasses.replace(use, arguments={**named, **use.arguments})
        try:
            made: Any = placed.build(resolve=resolve)
        except UserError:
            raise
        except Exception as error:  # what it thinks of its arguments, or misses
            raise UserError(
                f"{use.component.title} cannot be built: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(made, wanted):
            kind = f"{wanted.__module__}.{wanted.__name__}"
            raise UserError(f"{use.component.title} builds a {type(made).__name__}, which is no {kind}")
        built.append(made)
    return built


def best_checkpoint(callbacks: Iterable[Callback], checkpoints: Path) -> str:
    """The best checkpoint that a `ModelCheckpoint` with a monitor has kept, relative to a folder; or ""."""
    for callback in callbacks:
        if isinstance(callback, ModelCheckpoint) and callback.monitor and callback.best_model_path:
            path = Path(callback.best_model_path)
            if path.is_relative_to(checkpoints.absolute()) and is_whole(path, training=False):
                return path.relative_to(checkpoints.absolute()).as_posix()
    return ""


def why_stopped(callbacks: Iterable[Callback]) -> str:
    """What an EarlyStopping says when it has ended a training, or ""."""
    for callback in callbacks:
        if isinstance(callback, EarlyStopping) and callback.stopped_epoch:
            ended = f"the training ended in epoch {callback.stopped_epoch}"
            return f"EarlyStopping: {callback.monitor} improves no more; {ended}"
    return ""


def is_of_early_stopping(error: RuntimeError) -> bool:
    """Whether an EarlyStopping has a monitor that nothing logs: Lightning has no error of its own for it."""
    return str(error).startswith("Early stopping conditioned on metric")
