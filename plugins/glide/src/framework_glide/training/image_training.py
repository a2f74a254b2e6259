"""ImageTraining: what every algorithm of this plugin shares."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from framework.contracts import Progress
from framework.errors import UserError
from framework.supervised.algorithm import Descent
from framework.supervised.average import Averages
from framework.supervised.order import Supply
from framework.supervised.precision import autocast
from framework_glide.training.batch import Batch, Row, collate, supply_of
from framework_glide.training.config import ImageTrainingConfig


class ImageTraining(Descent):
    """Learn from the images of the split `train`.

    A subclass gives the loss. Its randomness comes from the generator it is handed, which is
    part of the checkpoint.

    Args:
        environment: splits by name.
        model: what evaluators and checkpoints see.
        network: the part of it that is trained, and averaged.
        config: optimiser, schedule and budget.

    Attributes:
        averages: moving averages of `network`.
    """

    def __init__(
        self, environment: Any, model: nn.Module, network: nn.Module, config: ImageTrainingConfig
    ) -> None:
        super().__init__(config)
        if "train" not in environment:
            raise UserError(f"{type(self).__name__} learns from the environment's split 'train'")
        self.environment, self.model, self.config = environment, model, config
        self.averages = Averages(network, config.ema)
        self._network = (network,)  # in a tuple: its parameters are the model's already
        self._supply: Supply[Row] | None = None
        self._restored: dict[str, Any] = {}
        self._generator = torch.Generator().manual_seed(config.seed)

    @abstractmethod
    def loss(self, batch: Batch, generator: torch.Generator) -> Mapping[str, Tensor]:
        """What is minimised, under "loss", and whatever else is to be logged; means over the batch.

        Args:
            batch: images and columns, on the device.
            generator: on the CPU; the only source of randomness besides dropout.
        """

    @property
    def learned(self) -> nn.Module:
        return self._network[0]

    @property
    def averaged(self) -> nn.Module:
        """The network with its slowest average's weights, or as it is if there is none."""
        return self.averages.of(max(self.config.ema)) if self.config.ema else self.learned

    @property
    def supply(self) -> Supply[Row]:
        """Made when it is first needed: a trained model that is only evaluated needs none."""
        if self._supply is None:
            self._supply = supply_of(self.environment["train"], self.config.window, self.config.seed)
            if self._restored:
                self._supply.load_state_dict(self._restored["supply"])
        return self._supply

    def accumulate(self) -> dict[str, float]:
        world, size = self.world_size, self.config.batch_size
        # Every process draws the same images and learns from its share of them.
        batch = collate(self.supply.take(size * world)[self.global_rank :: world])
        generator = self.own_draws(self._generator)
        totals: defaultdict[str, float] = defaultdict(float)
        for part in batch.parts(self.config.micro_batch or size):
            with autocast(self.config.precision, self.device):
                terms = self.loss(part.to(self.device), generator)
            share = len(part) / size
            self.manual_backward(terms["loss"] * share)
            for name, value in terms.items():
                totals[name] += value.item() * share
        return dict(totals)

    def after_step(self) -> None:
        self.averages.update(self.learned)

    # How far ---------------------------------------------------------------------------------

    @property
    def total_steps(self) -> int:
        return math.ceil(self.config.images / (self.config.batch_size * self.world_size))

    def progress(self) -> Progress:
        each = self.config.batch_size * self.world_size
        return Progress(self.steps_done * each, self.total_steps * each, "images")

    def data_state(self) -> dict[str, Any]:
        return {"supply": self.supply.state_dict(), "generator": self._generator.get_state()}

    def load_data_state(self, state: dict[str, Any]) -> None:
        self._restored, self._supply = state, None
        self._generator.set_state(state["generator"])
