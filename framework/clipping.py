"""Gradient clipping for modules that optimise by hand, which Lightning leaves to them."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from framework.errors import UserError

ClipAlgorithm: TypeAlias = Literal["norm", "value"]


class ClipGradients(Callback):
    """Clip gradients before each optimiser step, with the scale of mixed precision taken out first.

    Args:
        value: the largest norm of an optimiser's gradients together, or the largest size of
            each number in them.
        algorithm: which of the two.
    """

    def __init__(self, value: float, algorithm: ClipAlgorithm = "norm") -> None:
        self.value = value
        self.algorithm = algorithm
        self._clipped = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        def stepped(*_: Any) -> None:
            if not self._clipped:
                raise UserError(
                    f"trainer.gradient_clip_val cannot clip in {type(pl_module).__name__}: "
                    "it steps an optimiser past Lightning\n"
                    "  in its training_step, step what self.optimizers() returns, or clip before the step "
                    "and leave the setting out"
                )

        for optimizer in trainer.optimizers:
            optimizer.register_step_post_hook(stepped)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._clipped = False

    def on_before_optimizer_step(
        self, trainer: Trainer, pl_module: LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        unscale(trainer, optimizer)
        precision = trainer.precision_plugin
        clip = precision.clip_grad_by_norm if self.algorithm == "norm" else precision.clip_grad_by_value
        clip(optimizer, self.value)
        self._clipped = True


def clips(trainer: Trainer) -> bool:
    """Whether the recipe's `trainer.gradient_clip_val` is in force, by a `ClipGradients`."""
    return any(isinstance(callback, ClipGradients) for callback in trainer.callbacks)  # type: ignore[attr-defined]


def unscale(trainer: Trainer, optimizer: torch.optim.Optimizer) -> None:
    """Take the scale of float16 training out of the gradients, in `on_before_optimizer_step`.

    Lightning has done so already but for fused optimisers, which do it themselves in their
    step, unless it is done.
    """
    scaler = getattr(trainer.precision_plugin, "scaler", None)
    if scaler is not None and getattr(optimizer, "_step_supports_amp_scaling", False):
        scaler.unscale_(optimizer)
