"""Inpainting: learn to fill in erased regions (section 2.5 and 4.1 of the paper)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from framework.errors import UserError
from framework_glide.images.masks import random_masks
from framework_glide.text_to_image import TextToImage
from framework_glide.training.config import InpaintingConfig
from framework_glide.training.denoising import Denoising


class Inpainting(Denoising):
    """Denoising, with what is left of the image, and the mask, as further channels.

    The loss is of the whole image. An upsampler always sees the whole low-resolution image
    (section 4.1).

    Args:
        environment: images and captions.
        model: with `inpaint`.
        config: parameters.
    """

    def __init__(self, environment: Any, model: TextToImage, config: InpaintingConfig) -> None:
        super().__init__(environment, model, config)
        self.config: InpaintingConfig = config
        if not model.options.inpaint:
            raise UserError(
                "glide/inpainting trains a model that sees masks\n"
                "  set model.inpaint to true; weights of one that does not are widened"
            )

    def conditions(self, x0: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        masks = random_masks(len(x0), x0.shape[-1], generator, everything=self.config.everything)
        masks = masks.to(x0.device)
        seen = {"inpaint_image": x0 * masks, "inpaint_mask": masks}
        return {**super().conditions(x0, generator), **seen}
