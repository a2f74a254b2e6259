"""Pipeline: a base model, what fills in masks, what guides, and an upsampler, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from framework_glide.diffusion.config import SamplingConfig
from framework_glide.generation import Guide, Images, Known, generate
from framework_glide.images.files import fit
from framework_glide.text_to_image import TextToImage


@dataclass(frozen=True)
class Pipeline:
    """From a caption to an image as large as can be made.

    Attributes:
        base: makes images.
        inpainter: makes the hidden part of images; the base model if there is none.
        upsampler: enlarges them.
        clip: guides the base model, if it is asked to.
    """

    base: TextToImage
    inpainter: TextToImage | None = None
    upsampler: TextToImage | None = None
    clip: Guide | None = None

    @property
    def size(self) -> int:
        """Width and height of what comes out, in pixels."""
        return (self.upsampler or self.base).size

    def generate(
        self,
        prompts: Sequence[str],
        sampling: SamplingConfig,
        seeds: Sequence[int],
        known: Known | None = None,
    ) -> Images:
        """Make an image of each prompt, `(n, size, size, 3)` uint8.

        The upsampler takes the same steps without guidance: the small image says what to paint.

        Args:
            prompts: n captions.
            sampling: of the base model.
            seeds: of the noise.
            known: parts that are given, in the size of the result.
        """
        first = self.base if known is None or self.inpainter is None else self.inpainter
        small = known and _shrunk(known, first.size)
        images = generate(first, prompts, sampling, seeds=seeds, clip=self.clip, inpaint=small)
        if self.upsampler is None:
            return images
        plain = replace(sampling, scale=1.0, clip_scale=0.0)
        return generate(self.upsampler, prompts, plain, seeds=seeds, inpaint=known, low_res=images)


def _shrunk(known: Known, size: int) -> Known:
    """The same at another size; a pixel is known if all of it is."""
    images = np.stack([fit(image, size) for image in known.images])
    return Known(images, np.stack([_all_of(mask, size) for mask in known.masks]))


def _all_of(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    cell = mask.shape[0] // size
    return np.asarray(mask.reshape(size, cell, size, cell).all(axis=(1, 3)))
