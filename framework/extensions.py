"""The callbacks and loggers that a recipe adds to its trainer, built; and the best checkpoint of theirs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint

from framework.contracts import Progress
from framework.errors import UserError
from framework.recipe.extensions import FOLDERS
from framework.runs.checkpoints import is_whole

if TYPE_CHECKING:
    from framework.recipe import CheckpointRef, Use

#: Begins the names of what evaluators find during a training: `monitor/EVALUATOR/METRIC`.
LOOKS = "monitor/"
#: Told no to, callbacks look after a validation, which an evaluator's look is to them.
_AT_EPOCH_END = ("check_on_train_epoch_end", "save_on_train_epoch_end")


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
        signature, given = use.component.signature, use.arguments
        placed: dict[str, Any] = {name: str(folder) for name in FOLDERS if name in signature} | given
        if str(given.get("monitor")).startswith(LOOKS):
            unsaid = (name for name in _AT_EPOCH_END if name in signature and given.get(name) is None)
            placed |= dict.fromkeys(unsaid, False)
        try:
            made: Any = dataclasses.replace(use, arguments=placed).build(resolve=resolve)
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


def has_stopped(callback: Callback) -> bool:
    """Whether it is an EarlyStopping that has ended the training."""
    return isinstance(callback, EarlyStopping) and bool(_reason(callback))


def why_stopped(callbacks: Iterable[Callback], progress: Progress) -> str:
    """What an EarlyStopping says when it has ended a training, or ""."""
    after = f"{progress.done} of {progress.total}" if progress.total else f"{progress.done}"
    for callback in callbacks:
        if isinstance(callback, EarlyStopping) and (reason := _reason(callback)):
            return f"EarlyStopping: {reason}; the training ended after {after} {progress.unit}"
    return ""


def _reason(callback: EarlyStopping) -> str:
    said = getattr(callback, "stopping_reason_message", None) or ""  # since Lightning 2.6
    if not said and callback.stopped_epoch:
        return f"{callback.monitor} improves no more"
    return said.removesuffix(" Signaling Trainer to stop.").removesuffix(".")


def check_monitors(callbacks: Iterable[Callback], evaluators: Collection[str]) -> None:
    """Refuse callbacks that monitor what none of these evaluators, which watch the training, can find.

    Raises:
        UserError: there is one.
    """
    for callback, monitor in _monitors(callbacks):
        if not monitor.startswith(tuple(f"{LOOKS}{name}/" for name in evaluators)):
            known = ", ".join(f"{LOOKS}{name}/..." for name in evaluators) or "give an evaluator `every`"
            raise UserError(
                f"{type(callback).__name__} monitors {monitor}, which no evaluator finds in a training\n"
                f"  what can be monitored: {known}"
            )


def look(trainer: Trainer, algorithm: LightningModule, found: Mapping[str, float]) -> None:
    """Let callbacks look at what an evaluator has just found, as after a validation.

    Args:
        trainer: whose callbacks.
        algorithm: what is trained.
        found: `monitor/EVALUATOR/METRIC` -> value, all of one evaluator.

    Raises:
        UserError: one monitors what this evaluator does not find.
    """
    trainer.callback_metrics.update({name: torch.tensor(value) for name, value in found.items()})
    own = tuple({name.rpartition("/")[0] + "/" for name in found})
    for callback, monitor in _monitors(trainer.callbacks):  # type: ignore[attr-defined]
        if monitor in found:
            callback.on_validation_end(trainer, algorithm)
        elif monitor.startswith(own):
            name, known = type(callback).__name__, ", ".join(found)
            raise UserError(f"{name} monitors {monitor}, which its evaluator does not find: {known}")


def _monitors(callbacks: Iterable[Callback]) -> Iterator[tuple[Callback, str]]:
    """Those that monitor what evaluators find, and its name."""
    for callback in callbacks:
        monitor = getattr(callback, "monitor", None)
        if isinstance(monitor, str) and monitor.startswith(LOOKS):
            yield callback, monitor


def is_of_early_stopping(error: RuntimeError) -> bool:
    """Whether an EarlyStopping has a monitor that nothing logs: Lightning has no error of its own for it."""
    return str(error).startswith("Early stopping conditioned on metric")
