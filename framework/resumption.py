"""What a training needs to go on as if it had never stopped, besides what Lightning keeps.

Checkpoints are written between two steps, before the next batch is fetched: `Resumption`
calls `between_steps` of every callback that has it at that moment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loops.training_epoch_loop import RestartStage
from lightning.pytorch.trainer.connectors.data_connector import _DataLoaderSource
from torchmetrics import Metric

from framework.extensions import has_stopped
from framework.runs.loaders import (
    ResumableLoader,
    State,
    Stream,
    own_generators,
    random_states,
    set_random_states,
    set_states_of,
    states_of,
    why_inexact,
)

KEY = "resumption"
log = logging.getLogger("framework")


@runtime_checkable
class BetweenSteps(Protocol):
    """A callback that acts where a training can be cut: no step is under way, no batch is out."""

    def between_steps(self, trainer: Trainer, pl_module: LightningModule) -> None: ...


class _Source(_DataLoaderSource):
    """Where Lightning gets its training data from, made resumable."""

    def __init__(self, source: _DataLoaderSource, resumable: Callable[[Any], ResumableLoader]) -> None:
        super().__init__(source.instance, source.name)
        self.resumable = resumable

    def dataloader(self) -> ResumableLoader:
        return self.resumable(super().dataloader())


class Resumption(Callback):
    """Keep in every checkpoint the place in the data, the global random generators, gradients being
    accumulated and metrics being averaged, of every process; and bring them back.

    Args:
        longer: go on with a training that had come to its end, by a larger budget or more time.
    """

    def __init__(self, longer: bool = False) -> None:
        self.longer = longer
        self.loader: ResumableLoader | None = None
        self._streams: list[Stream] = []
        self._saved: State | None = None
        self._averages: dict[str, dict[str, torch.Tensor]] = {}
        self._between = False  # whether `between_steps` came since the last step
        self._trainer: Trainer | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._trainer = trainer
        trainer.fit_loop._data_source = _Source(trainer.fit_loop._data_source, self._resumable)

    def _resumable(self, loaders: Any) -> ResumableLoader:
        loader = ResumableLoader(loaders, self._before_fetch, self._streams)
        if self.loader is None:
            for cause in filter(None, map(why_inexact, loader.flattened)):
                log.warning(
                    "the data order is not in the checkpoint: %s\n  a resumed run repeats it from the "
                    "epoch's beginning, which is exact if it follows from the random generators alone",
                    cause,
                )
        self.loader = loader
        loader.saved = self._saved and self._saved["data"]
        return loader

    # Between two steps -------------------------------------------------------------------------

    def _before_fetch(self) -> None:
        assert self._trainer is not None
        progress = self._trainer.fit_loop.epoch_loop.batch_progress.current
        # A `training_step` may fetch for itself.
        if progress.ready == progress.completed:
            self._come_between(self._trainer, self._trainer.lightning_module)

    def _come_between(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._between = True
        if self._saved is not None:
            self._restore(trainer, pl_module, self._saved)
            self._saved = None
        for callback in trainer.callbacks:  # type: ignore[attr-defined]
            if isinstance(callback, BetweenSteps):
                callback.between_steps(trainer, pl_module)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if not self._between:  # the step fetches its batches itself
            self._come_between(trainer, pl_module)
        self._between = False

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        # A metric averaged over the epoch exists once it is logged.
        results = trainer.fit_loop.epoch_loop._results
        for name in self._averages.keys() & results.keys():
            average, before = results[name], self._averages.pop(name)
            for part, value in before.items():
                mine = getattr(average, part)
                join = average.meta.reduce_fx if _is_extreme(average) else torch.add
                setattr(average, part, join(value.to(mine.device), mine))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._averages.clear()

    # Saving --------------------------------------------------------------------------------------

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        mine = self._state(trainer, pl_module)
        everyone = [mine] * trainer.world_size
        if trainer.world_size > 1:
            torch.distributed.all_gather_object(everyone, mine)
        checkpoint[KEY] = everyone

    def _state(self, trainer: Trainer, pl_module: LightningModule) -> State:
        fit, epoch = trainer.fit_loop, trainer.fit_loop.epoch_loop
        epochs: Any = fit.epoch_progress.current
        # Where a budget or a clock ended it, the pass over the data is not over.
        ended = epochs.processed == epochs.ready and epoch.batch_progress.is_last_batch
        trained = epoch.batch_progress.current.completed
        return {
            "random": random_states(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "data": self.loader.place(trained, ended) if self.loader is not None else None,
            "validation": states_of(own_generators(*_validation_loaders(trainer))),
            "gradients": _gradients(trainer, pl_module),
            "metrics": {
                name: {part: getattr(module, part) for part in (*module._defaults, "_update_count")}
                for name, module in pl_module.named_modules()
                if isinstance(module, Metric)
            },
            "averages": _averages(trainer) if trained and not ended else {},
            "callback_metrics": {name: value.cpu() for name, value in trainer.callback_metrics.items()},
            "logged_steps": epoch._batches_that_stepped,
        }

    # Loading --------------------------------------------------------------------------------------

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if self.longer:
            _reopen(checkpoint["loops"]["fit_loop"], trainer.max_epochs or -1)
        states = checkpoint.get(KEY)
        if not states:
            return
        if len(states) != trainer.world_size:
            log.warning(
                "the checkpoint is of %d processes and this training has %d: its data order is another",
                len(states),
                trainer.world_size,
            )
            return
        self._saved = states[trainer.global_rank]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # What Lightning would repeat or pass over here has been done before the checkpoint.
        if self._saved is not None:
            trainer.fit_loop.epoch_loop._restart_stage = RestartStage.NONE
        callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
        if any(map(has_stopped, callbacks)):
            trainer.should_stop = True  # killed after it had

    def _restore(self, trainer: Trainer, pl_module: LightningModule, saved: State) -> None:
        for name, gradient in saved["gradients"].items():
            parameter = pl_module.get_parameter(name)
            parameter.grad = gradient.to(parameter.device)
        metrics = {name: module for name, module in pl_module.named_modules() if isinstance(module, Metric)}
        for name, parts in saved["metrics"].items():
            for part, value in parts.items():
                setattr(metrics[name], part, value)
        if saved["validation"] and trainer.enable_validation:
            trainer.validating = True
            trainer.fit_loop.epoch_loop.val_loop.setup_data()
            trainer.training = True
            set_states_of(own_generators(*_validation_loaders(trainer)), saved["validation"])
        self._averages = dict(saved["averages"])
        trainer._logger_connector._callback_metrics.update(saved["callback_metrics"])
        trainer.fit_loop.epoch_loop._batches_that_stepped = saved["logged_steps"]
        # Lightning means the whole first epoch by it, at whose end it passes over schedulers then.
        trainer.fit_loop._restarting = False
        set_random_states(saved["random"])
        if len(saved["cuda"]) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all(saved["cuda"])


def _reopen(loop: dict[str, Any], max_epochs: int) -> None:
    """Be in the middle of the last epoch again, if there is no other to come or it was cut short."""
    epochs, batches = loop["epoch_progress"], loop["epoch_loop.batch_progress"]
    over = epochs["current"]["processed"]
    if over != epochs["current"]["ready"] or (batches["is_last_batch"] and not 0 <= max_epochs <= over):
        return
    batches["is_last_batch"] = False
    for counts in (epochs["current"], epochs["total"]):
        counts.update(processed=counts["ready"] - 1, completed=counts["ready"] - 1)


def _validation_loaders(trainer: Trainer) -> list[Any]:
    loader = trainer.fit_loop.epoch_loop.val_loop._combined_loader
    return loader.flattened if loader is not None else []


def _gradients(trainer: Trainer, pl_module: LightningModule) -> dict[str, torch.Tensor]:
    """Those that the next step adds to; a module that optimises by hand alone knows which these are."""
    if pl_module.automatic_optimization and not trainer.fit_loop._should_accumulate():
        return {}
    found = {name: p.grad for name, p in pl_module.named_parameters() if p.grad is not None}
    return {name: gradient for name, gradient in found.items() if bool(gradient.any())}


def _averages(trainer: Trainer) -> dict[str, dict[str, torch.Tensor]]:
    """What Lightning has added up so far of tensors logged for the epoch."""
    results = trainer.fit_loop.epoch_loop._results
    return {
        name: {
            part: getattr(result, part).cpu()
            for part in ("value", "cumulated_batch_size")
            if hasattr(result, part)
        }
        for name, result in results.items()
        if result.is_tensor and result.meta.on_epoch
    }


def _is_extreme(result: Any) -> bool:
    return bool(result.meta.is_max_reduction or result.meta.is_min_reduction)
