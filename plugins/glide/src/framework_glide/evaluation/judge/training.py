"""Training the judge on what pictures show, whatever their captions say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from framework_glide.evaluation.judge.augmentation import augment
from framework_glide.evaluation.judge.config import JudgingConfig
from framework_glide.evaluation.judge.model import Judge
from framework_glide.training.batch import Batch
from framework_glide.training.image_training import ImageTraining

#: Class of what is not known, as `datasets` writes it.
UNKNOWN = -1


class Judging(ImageTraining):
    """Minimise the sum of the cross-entropies of all attributes.

    Args:
        environment: splits by name.
        model: the judge.
        config: optimiser, schedule, budget and augmentation.
    """

    def __init__(self, environment: Any, model: Judge, config: JudgingConfig) -> None:
        # An experiment's seed is every component's: the judge must not see the pictures in the
        # order in which the generator saw them.
        apart = int(np.random.SeedSequence([config.seed, *b"judge"]).generate_state(1)[0])
        super().__init__(environment, model, model, replace(config, seed=apart))
        self.judge, self.noise, self.shift = model, config.noise, config.shift

    def loss(self, batch: Batch, generator: torch.Generator) -> Mapping[str, Tensor]:
        logits = self.judge(augment(batch.images, generator, self.noise, self.shift))
        total = batch.images.new_zeros(())
        right = torch.ones(len(batch), dtype=torch.bool, device=batch.images.device)
        for name, values in logits.items():
            truth = torch.as_tensor(np.asarray(batch.rows[name]), device=values.device)
            known = (truth != UNKNOWN).sum().clamp(min=1)
            total = (
                total + F.cross_entropy(values.float(), truth, ignore_index=UNKNOWN, reduction="sum") / known
            )
            right &= (values.argmax(dim=1) == truth) | (truth == UNKNOWN)
        return {"loss": total, "accuracy": right.float().mean()}
