"""What `framework play` shows, and what MLflow serves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from framework import Report
from framework.errors import UserError
from framework_glide.clip import load as load_clip
from framework_glide.diffusion.config import SamplerName, SamplingConfig, Variance
from framework_glide.diffusion.samplers import sampler_of
from framework_glide.generation import Known
from framework_glide.images.files import fit, read_image, read_mask
from framework_glide.images.grid import grid
from framework_glide.pipeline import Pipeline
from framework_glide.text_to_image import TextToImage


class Shows(ABC):
    """An algorithm that `framework play` shows images of."""

    @abstractmethod
    def pipeline(self) -> Pipeline:
        """What makes them."""

    def play(
        self,
        environment: Any,
        prompt: str = "",
        n: int = 4,
        scale: float = 3.0,
        steps: int | str = "27",
        sampler: SamplerName = "ddpm",
        variance: Variance = "posterior",
        clip_scale: float = 0.0,
        clip: str = "",
        negative_prompt: str = "",
        seed: int = 0,
        image: str = "",
        mask: str = "",
    ) -> Report:
        """Make images of a prompt, or of the first captions of the environment if none is given.

        Args:
            environment: for captions.
            prompt: what should be seen.
            n: images.
            scale: of classifier-free guidance.
            steps: of sampling, as in `SamplingConfig`.
            sampler: as in `SamplingConfig`.
            variance: as in `SamplingConfig`; the posterior's serves models with little training.
            clip_scale: of CLIP guidance.
            clip: file of a CLIP's checkpoint, if the run brings none.
            negative_prompt: what guidance leads away from.
            seed: of the first image; each next has the next.
            image: file of a picture to edit.
            mask: file of a mask: white is kept, black is filled in.
        """
        if bool(image) != bool(mask):
            raise UserError("--image and --mask belong together: what is edited, and which part of it stays")
        sampling = SamplingConfig(
            sampler=sampler,
            steps=steps,
            variance=variance,
            scale=scale,
            clip_scale=clip_scale,
            negative_prompt=str(negative_prompt),
        )
        sampler_of(sampler)
        pipeline = self.pipeline()
        if clip:
            pipeline = replace(pipeline, clip=load_clip(Path(clip)))
        prompts = [str(prompt)] * n if prompt else environment["validation"][:n]["caption"]
        known = _known(image, mask, pipeline.size, n) if image else None
        made = pipeline.generate(prompts, sampling, range(seed, seed + n), known)
        shown = grid(
            made, min(n, 4), scale=max(1, 256 // pipeline.size), captions=None if prompt else prompts
        )
        single = {f"image_{seed + i}": one for i, one in enumerate(made)}
        return Report(images={"images": shown, **single})


def _known(image: str, mask: str, size: int, n: int) -> Known:
    picture = fit(read_image(Path(image)), size)
    kept = read_mask(Path(mask), size)
    return Known(np.repeat(picture[None], n, axis=0), np.repeat(kept[None], n, axis=0))


class Denoiser(torch.nn.Module):
    """A denoising step in numbers alone, as a server takes it.

    Args:
        model: the denoiser.
    """

    def __init__(self, model: TextToImage) -> None:
        super().__init__()
        self.network = model.network
        self.size, self.low_size = model.size, model.images.low_size
        self.context = model.options.text.context if model.options.text else 0
        self.inpaint = model.options.inpaint
        self._example = self._inputs(model)

    def example(self) -> NDArray[np.float32]:
        """Two rows of inputs `(2, n)`: image, timestep, tokens, mask, and what else the network sees."""
        return self._example

    def forward(self, rows: Tensor) -> Tensor:
        """Rows `(b, n)` to noise and variance `(b, 6 * size * size)`."""
        pixels = 3 * self.size**2
        x, rest = rows[:, :pixels], rows[:, pixels:]
        t, rest = rest[:, 0], rest[:, 1:]
        tokens, mask, rest = (
            rest[:, : self.context],
            rest[:, self.context : 2 * self.context],
            rest[:, 2 * self.context :],
        )
        others: dict[str, Tensor] = {}
        if self.low_size is not None:
            count = 3 * self.low_size**2
            others["low_res"] = rest[:, :count].reshape(-1, 3, self.low_size, self.low_size)
            rest = rest[:, count:]
        if self.inpaint:
            others["inpaint_image"] = rest[:, :pixels].reshape(-1, 3, self.size, self.size)
            others["inpaint_mask"] = rest[:, pixels:].reshape(-1, 1, self.size, self.size)
        image = x.reshape(-1, 3, self.size, self.size)
        output: Tensor = self.network(image, t, tokens.long(), mask > 0.5, **others)
        return output.flatten(1)

    def _inputs(self, model: TextToImage) -> NDArray[np.float32]:
        tokens, mask = model.encode(["", ""])
        image = 3 * self.size**2
        others = (3 * self.low_size**2 if self.low_size else 0) + (4 * self.size**2 if self.inpaint else 0)
        row = np.zeros((2, image + 1 + 2 * self.context + others), np.float32)
        row[:, image + 1 : image + 1 + self.context] = tokens.cpu().numpy()
        row[:, image + 1 + self.context : image + 1 + 2 * self.context] = mask.cpu().numpy()
        return row
