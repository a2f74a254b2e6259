"""Contrastive: train a noised CLIP (section 2.4 of the paper, after Radford et al. 2021)."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from framework.errors import UserError
from framework_glide.clip.loss import contrastive_loss, equal_captions, retrieved
from framework_glide.clip.model import LARGEST_SCALE, NoisedCLIP
from framework_glide.clip.training_config import ContrastiveConfig
from framework_glide.diffusion.process import Diffusion
from framework_glide.training.batch import Batch
from framework_glide.training.image_training import ImageTraining


class Contrastive(ImageTraining):
    """Tell the captions of noisy pictures from each other's.

    Each picture gets a noise level of its own. What it is told from is the rest of its
    micro-batch, in its process.

    Args:
        environment: images and captions.
        model: what is trained.
        config: parameters.
    """

    def __init__(self, environment: Any, model: NoisedCLIP, config: ContrastiveConfig) -> None:
        if not isinstance(model, NoisedCLIP):
            raise UserError(f"glide/contrastive trains a glide/noised_clip, not a {type(model).__name__}")
        super().__init__(environment, model, model, config)
        self.model: NoisedCLIP = model
        self.config: ContrastiveConfig = config
        self.diffusion = Diffusion(model.options.schedule, model.options.timesteps)

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        if "caption" not in batch.rows:
            raise UserError(
                "glide/contrastive learns from captions, and the environment has no column `caption`"
            )
        captions = batch.rows["caption"]
        x, t = self.noisy(batch.images, generator)
        logits = self.model(x, t, captions)
        same = equal_captions(captions).to(logits.device)
        by_picture, by_caption = retrieved(logits, same)
        accuracy = (by_picture.float().mean() + by_caption.float().mean()) / 2
        return {
            "loss": contrastive_loss(logits, same),
            "accuracy": accuracy,
            "scale": self.model.scale.detach(),
        }

    def noisy(self, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Pictures at noise levels of their own, and these levels, `(b,)`."""
        count, steps = len(images), len(self.diffusion)
        if not self.config.noised:
            return images, torch.zeros(count, dtype=torch.long, device=images.device)
        # One level from each of b equal parts: each is as likely as any other, the batch is balanced.
        shares = (torch.arange(count) + torch.rand(count, generator=generator)) / count
        t = (shares**self.config.timestep_power * steps).long().clamp_(max=steps - 1).to(images.device)
        noise = torch.randn(images.shape, generator=generator).to(images.device)
        return self.diffusion.q_sample(images, t, noise), t

    def after_step(self) -> None:
        with torch.no_grad():  # beyond its limit it would have no gradient to come back by
            self.model.log_scale.clamp_(max=math.log(LARGEST_SCALE))
        super().after_step()

    def clip(self) -> NoisedCLIP:
        """The model, with the slowest average's weights if there are averages."""
        averaged = self.averaged
        assert isinstance(averaged, NoisedCLIP)
        return averaged


def clip_of(trained: Any) -> NoisedCLIP:
    """The noised CLIP of an algorithm, or the model itself.

    Raises:
        UserError: there is none.
    """
    model = trained.clip() if isinstance(trained, Contrastive) else trained
    if isinstance(model, NoisedCLIP):
        return model
    raise UserError(
        f"{type(trained).__name__} trains no CLIP\n  use this evaluator with the algorithm glide/contrastive"
    )
