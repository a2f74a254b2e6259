"""Descent: learning from recorded examples as a LightningModule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import nn

from framework.clipping import clips, unscale
from framework.supervised.config import DescentConfig
from framework.supervised.schedule import learning_rate


class Descent(LightningModule, ABC):
    """One training step is one step of AdamW.

    A subclass says what is learned (`learned`), how many steps there are (`total_steps`) and
    how the gradients of one come about (`accumulate`). What it draws from, it keeps in the
    checkpoint (`data_state`): resumed equals uninterrupted, bit for bit on a CPU.

    Args:
        config: optimiser and schedule.

    Attributes:
        steps_done: so far.
    """

    def __init__(self, config: DescentConfig) -> None:
        super().__init__()
        # Not Lightning's automatic optimisation: a step adds up the gradients of parts that are
        # weighted by the whole batch's tokens. Of several backward passes it keeps the last, and
        # parts that are steps of their own (`accumulate_grad_batches`) it divides by their number,
        # which changes the last bit, and logs and counts one by one.
        self.automatic_optimization = False
        self.descent = config
        self.steps_done = 0

    # What a subclass says --------------------------------------------------------------------

    @property
    @abstractmethod
    def learned(self) -> nn.Module:
        """The module whose parameters are trained."""

    @property
    @abstractmethod
    def total_steps(self) -> int:
        """Steps in the whole training."""

    @abstractmethod
    def accumulate(self) -> Mapping[str, float]:
        """Draw a batch, call `self.manual_backward` on its loss (in parts, if need be); return metrics."""

    @abstractmethod
    def data_state(self) -> dict[str, Any]:
        """Where in the data the next step begins, and every generator it draws from."""

    @abstractmethod
    def load_data_state(self, state: dict[str, Any]) -> None:
        """Go to where `data_state` was."""

    def after_step(self) -> None:
        """Come after the weights have changed."""

    # One step ------------------------------------------------------------------------------------

    def training_step(self, step: int, batch_idx: int) -> None:
        config = self.descent
        rate = learning_rate(step, self.total_steps, config.lr, config.warmup_steps, config.final_lr)
        optimizer = self.optimizers()
        assert not isinstance(optimizer, list)
        for group in optimizer.param_groups:
            group["lr"] = rate
        metrics = self.accumulate()
        optimizer.step()
        optimizer.zero_grad()
        self.after_step()
        self.steps_done += 1
        self.log_dict({**{f"train/{name}": value for name, value in metrics.items()}, "train/lr": rate})

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        if self.descent.clip and not clips(self.trainer):
            unscale(self.trainer, optimizer)
            nn.utils.clip_grad_norm_(self.learned.parameters(), self.descent.clip)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        config = self.descent
        trained = [p for p in self.learned.parameters() if p.requires_grad]
        return torch.optim.AdamW(
            [
                {"params": [p for p in trained if p.dim() >= 2], "weight_decay": config.weight_decay},
                {"params": [p for p in trained if p.dim() < 2], "weight_decay": 0.0},
            ],
            lr=config.lr,
            betas=(config.beta1, config.beta2),
            eps=config.eps,
            fused=True,
        )

    @property
    def world_size(self) -> int:
        """Processes that train together."""
        return self._trainer.world_size if self._trainer is not None else 1

    def own_draws(self, generator: torch.Generator) -> torch.Generator:
        """What this process draws from in this step: of several, each draws other numbers.

        Args:
            generator: in the same state in all processes, as it is in the checkpoint, before and after.
        """
        if self.world_size == 1:
            return generator
        step = int(torch.randint(2**62, (), generator=generator))
        return torch.Generator().manual_seed(step + self.global_rank)

    def train_dataloader(self) -> Steps:
        return Steps(self)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["training"] = {"steps": self.steps_done, **self.data_state()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        state = dict(checkpoint["training"])
        self.steps_done = state.pop("steps")
        self.load_data_state(state)


class Steps:
    """The numbers of the steps still to do: what the Trainer iterates over.

    Offering state, though it needs none, tells Lightning that it can be resumed.
    """

    def __init__(self, algorithm: Descent) -> None:
        self.algorithm = algorithm

    def __len__(self) -> int:
        return self.algorithm.total_steps

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.algorithm.steps_done, len(self)))

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The algorithm's own counter says where to go on."""
