"""What a trainer does here besides training: watch, time, guard and show."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, Timer
from lightning.pytorch.utilities.seed import isolate_rng

from framework.contracts import HasProgress, Monitor, Progress
from framework.errors import UserError
from framework.extensions import LOOKS, look
from framework.interruption import Interrupted, Interruption
from framework.progress import Bar
from framework.runs.checkpoints import CheckpointWriter, checkpoints


class TrainingDivergedError(UserError):
    """A loss became NaN or infinite.

    Args:
        message: what became of which.
        resumable: whether there is a checkpoint to go on from.
    """

    def __init__(self, message: str, resumable: bool = True) -> None:
        super().__init__(message)
        self.resumable = resumable


def progress_of(trainer: Trainer, algorithm: LightningModule) -> Progress:
    """The algorithm's own count, or Lightning's steps."""
    if isinstance(algorithm, HasProgress):
        return algorithm.progress()
    total = trainer.estimated_stepping_batches
    return Progress(trainer.global_step, int(total) if math.isfinite(total) else 0, "steps")


def ended_by_time(trainer: Trainer, algorithm: LightningModule) -> bool:
    """Whether `max_time` ended a training that had more to do."""
    left = [one.time_remaining() for one in trainer.callbacks if isinstance(one, Timer)]  # type: ignore[attr-defined]
    progress = progress_of(trainer, algorithm)
    return any(one is not None and one <= 0 for one in left) and not 0 < progress.total <= progress.done


@contextmanager
def evaluating(module: Any) -> Iterator[None]:
    """Eval mode, no gradients, and the global random generators left as they were."""
    modules = [m for m in module.modules() if m.training] if isinstance(module, torch.nn.Module) else []
    for part in modules:
        part.training = False
    try:
        with isolate_rng(), torch.no_grad():
            yield
    finally:
        for part in modules:
            part.training = True


class StopOnSignal(Callback):
    """Leave the training between two steps, after the one during which a signal came.

    Leaving by an exception keeps Lightning's counters in the middle of the epoch, where
    a resumed run goes on. (At SIGTERM Lightning itself does the same.)
    """

    def __init__(self, interruption: Interruption) -> None:
        self.interruption = interruption

    def between_steps(self, trainer: Trainer, pl_module: LightningModule) -> None:
        signum = self.interruption.signum
        if trainer.strategy.reduce_boolean_decision(bool(signum), all=False):
            raise Interrupted(signum or signal.SIGINT)


class StopOnDivergence(Callback):
    """Fail at the first loss that is not finite, before a checkpoint holds it."""

    def __init__(self, writer: CheckpointWriter) -> None:
        self.writer = writer

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        for name, value in trainer.callback_metrics.items():
            if "loss" in name and not name.startswith(LOOKS) and not torch.isfinite(value).all():
                kept = bool(checkpoints(self.writer.folder))
                raise TrainingDivergedError(
                    f"{name} became {float(value)} at step {trainer.global_step}; "
                    + ("the last checkpoint is from before it" if kept else "there is no checkpoint yet")
                    + "\n  try a lower learning rate or gradient clipping (trainer.gradient_clip_val)",
                    resumable=kept,
                )


class Clock(Callback):
    """Count the time spent training, across interruptions: the axes of seconds and of CPU-seconds."""

    def __init__(self) -> None:
        self.before = (0.0, 0.0)
        self._started: tuple[float, float] | None = None

    @property
    def spent(self) -> tuple[float, float]:
        """Seconds, and CPU-seconds of this process."""
        if self._started is None:
            return self.before
        seconds, cpu = (
            before + now - start
            for before, now, start in zip(self.before, _now(), self._started, strict=True)
        )
        return seconds, cpu

    def metrics(self) -> dict[str, float]:
        """Both, by the names they are tracked by."""
        return dict(zip(("time/seconds", "time/cpu_seconds"), self.spent, strict=True))

    def start(self) -> None:
        self._started = _now()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.start()

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.before, self._started = self.spent, None

    def state_dict(self) -> dict[str, Any]:
        seconds, cpu = self.spent
        return {"seconds": seconds, "cpu_seconds": cpu}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.before = state_dict["seconds"], state_dict.get("cpu_seconds", 0.0)


def _now() -> tuple[float, float]:
    return time.monotonic(), time.process_time()


class Watch(Callback):
    """Let one evaluator look at the training whenever its `every` units have passed.

    What it finds other callbacks can monitor, as `monitor/NAME/METRIC`.

    Args:
        name: prefix of the metrics and key of the state in a checkpoint.
        monitor: the evaluator.
        environment: makes the environment it looks in, when it is first needed.
        record: takes the metrics. (Not `log`: Lightning puts its own there.)
    """

    def __init__(
        self,
        name: str,
        monitor: Monitor,
        environment: Callable[[], Any],
        record: Callable[[dict[str, float], int], None],
    ) -> None:
        self.name = name
        self.monitor = monitor
        self.environment = environment
        self.record = record
        self.looks = 0

    @property
    def state_key(self) -> str:
        return f"Watch:{self.name}"

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        done = progress_of(trainer, pl_module).done
        if not self.monitor.every or done // self.monitor.every <= self.looks:
            return
        self.looks = done // self.monitor.every
        with evaluating(pl_module):
            found = self.monitor.monitor(pl_module, self.environment())
        metrics = {f"{LOOKS}{self.name}/{name}": float(value) for name, value in found.items()}
        self.record(metrics, done)
        look(trainer, pl_module, metrics)

    def state_dict(self) -> dict[str, Any]:
        return {"looks": self.looks, "every": self.monitor.every, "monitor": self.monitor.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        before, now = state_dict.get("every", self.monitor.every), self.monitor.every
        self.looks = state_dict["looks"] * before // now if now else 0
        self.monitor.load_state_dict(state_dict["monitor"])


class ShowProgress(Callback):
    """Show the progress in the algorithm's own unit, and whatever it logs with `prog_bar=True`."""

    def __init__(self, bar: Bar) -> None:
        self.bar = bar

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.bar.begin("training")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self.bar.due:
            self._show(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._show(trainer, pl_module, final=True)
        self.bar.end()

    def _show(self, trainer: Trainer, algorithm: LightningModule, final: bool = False) -> None:
        metrics = {name: value for name, value in trainer.progress_bar_metrics.items() if name != "v_num"}
        self.bar.show(progress_of(trainer, algorithm), metrics, final=final)
