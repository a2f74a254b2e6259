"""Denoising: learn to predict the noise in images (sections 2.1 and 4 of the paper)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from framework.contracts import Served
from framework.errors import UserError
from framework_glide.clip import NoisedCLIP
from framework_glide.clip import load as load_clip
from framework_glide.diffusion import losses
from framework_glide.pipeline import Pipeline
from framework_glide.showing import Denoiser, Shows
from framework_glide.text_to_image import TextToImage
from framework_glide.training.augmentation import blurred
from framework_glide.training.batch import Batch
from framework_glide.training.config import DenoisingConfig
from framework_glide.training.image_training import ImageTraining


class Denoising(Shows, ImageTraining):
    """Minimise the hybrid loss, some captions left out so that guidance without a classifier can be used.

    An upsampler is given a smaller version of each image, blurred and noised a little, since what
    it will be given at last are samples and not real images.

    Args:
        environment: images and captions.
        model: what is trained.
        config: parameters.
    """

    def __init__(self, environment: Any, model: TextToImage, config: DenoisingConfig) -> None:
        super().__init__(environment, model, model.network, config)
        self.model: TextToImage = model
        self.config: DenoisingConfig = config

    def loss(self, batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
        x0, diffusion, config = batch.images, self.model.diffusion, self.config
        if x0.shape[-1] != self.model.size:
            raise UserError(
                f"the environment's images are {x0.shape[-1]} px wide and the model's {self.model.size}\n"
                "  set environment.size or model.size"
            )
        count = len(x0)
        # One timestep from each of b equal parts: each is as likely as any other, the batch is balanced.
        shares = (torch.arange(count) + torch.rand(count, generator=generator)) / count
        index = (shares * len(diffusion)).long().clamp_(max=len(diffusion) - 1)
        noise = torch.randn(x0.shape, generator=generator)
        left_out = torch.rand(count, generator=generator) < config.caption_dropout
        captions = ["" if out else text for out, text in zip(left_out, batch.rows["caption"], strict=True)]
        conditions = self.conditions(x0, generator)
        index, noise = index.to(x0.device), noise.to(x0.device)
        x = diffusion.q_sample(x0, index, noise)
        tokens, mask = self.model.encode(captions)
        output = self.learned(x, diffusion.original(index, count), tokens, mask, **conditions)
        terms = losses.hybrid(diffusion, output.float(), x0, x, index, noise)
        each = terms.mse
        if config.min_snr:
            each = each * losses.min_snr_weights(diffusion, index, config.min_snr)
        return {"loss": (each + terms.vb).mean(), "mse": terms.mse.mean(), "vb": terms.vb.mean()}

    def conditions(self, x0: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """What else the network sees of the images."""
        low_size = self.model.images.low_size
        if low_size is None:
            return {}
        low = F.interpolate(x0, size=(low_size, low_size), mode="area")
        return {"low_res": blurred(low, self.config.blur, self.config.low_noise, generator)}

    def text_to_image(self) -> TextToImage:
        """The model, with the slowest average's weights if there are averages."""
        return self.model.with_network(self.averaged)

    def served(self) -> Served:
        """One denoising step: image, timestep and caption numbers to noise and variance."""
        denoiser = Denoiser(self.text_to_image())
        return Served(denoiser, denoiser.example)

    def pipeline(self) -> Pipeline:
        return Pipeline(self.text_to_image(), clip=self.guide())

    def guide(self) -> NoisedCLIP | None:
        """The CLIP that the configuration names."""
        return load_clip(self.config.guide) if self.config.guide else None
