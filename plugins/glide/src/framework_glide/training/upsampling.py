"""Upsampling: learn to enlarge images, and make large ones of captions."""

from __future__ import annotations

from typing import Any

from framework.errors import UserError
from framework_glide.building import load
from framework_glide.pipeline import Pipeline
from framework_glide.text_to_image import TextToImage
from framework_glide.training.config import UpsamplingConfig
from framework_glide.training.denoising import Denoising


class Upsampling(Denoising):
    """Denoising with a smaller version of the image in sight.

    Trained, it is the last part of a pipeline from captions to images, which `framework play` runs.

    Args:
        environment: large images and captions.
        model: a `glide/upsampler`.
        config: parameters; the other parts of the pipeline among them.
    """

    def __init__(self, environment: Any, model: TextToImage, config: UpsamplingConfig) -> None:
        super().__init__(environment, model, config)
        self.config: UpsamplingConfig = config
        if model.images.low_size is None:
            raise UserError("glide/upsampling trains a glide/upsampler, and this model enlarges nothing")

    def pipeline(self) -> Pipeline:
        """Every part that the configuration names, with this upsampler.

        Raises:
            UserError: no base model is named, or it does not make what is enlarged here.
        """
        config, upsampler = self.config, self.text_to_image()
        if config.base is None:
            raise UserError(
                "an upsampler alone makes no images of captions\n"
                "  give algorithm.base, such as ${checkpoint:base}"
            )
        base = load(config.base)
        if base.size != upsampler.images.low_size:
            raise UserError(
                f"base: it makes images of {base.size} px, and {upsampler.images.low_size} px are enlarged"
            )
        inpainter = load(config.inpainter) if config.inpainter else None
        return Pipeline(base, inpainter, upsampler, self.guide(), config.temperature)
