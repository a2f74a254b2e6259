"""What `framework play` shows, and what MLflow serves."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
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
from framework_glide.generation import Known, Start
from framework_glide.images.files import fit, read_image, read_mask
from framework_glide.images.grid import grid
from framework_glide.pipeline import Pipeline
from framework_glide.text_to_image import TextToImage


class Shows(ABC):
    """An algorithm that `framework play` shows images of."""

    @abstractmethod
    def pipeline(self) -> Pipeline:
        """What makes them."""

    def sample(
        self,
        prompts: str | Sequence[str],
        sampling: SamplingConfig | None = None,
        seed: int = 0,
        known: Known | None = None,
    ) -> NDArray[np.uint8]:
        """Make an image of each prompt.

        Args:
            prompts: one, or n.
            sampling: how they are made; `SamplingConfig()` by default.
            seed: of the first image; each next has the next.
            known: images and masks of parts that are given.

        Returns:
            `(n, size, size, 3)`, red, green and blue from 0 to 255.
        """
        wanted = [prompts] if isinstance(prompts, str) else list(prompts)
        seeds = range(seed, seed + len(wanted))
        return self.pipeline().generate(wanted, sampling or SamplingConfig(), seeds, known)

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
        strength: float = 0.0,
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
            strength: above 0, up to 1: begin with the picture, and change it so far.
        """
        if bool(image) != bool(mask or strength):
            raise UserError(
                "--image needs --mask, which part of it stays, or --strength, how far it may change; "
                "and they need --image"
            )
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
        known = _known(image, mask, pipeline.size, n) if mask else None
        start = Start(_copies(image, pipeline.size, n), strength) if strength else None
        made = pipeline.generate(prompts, sampling, range(seed, seed + n), known, start)
        shown = grid(
            made, min(n, 4), scale=max(1, 256 // pipeline.size), captions=None if prompt else prompts
        )
        single = {f"image_{seed + i}": one for i, one in enumerate(made)}
        return Report(images={"images": shown, **single})


def _known(image: str, mask: str, size: int, n: int) -> Known:
    kept = read_mask(Path(mask), size)
    return Known(_copies(image, size, n), np.repeat(kept[None], n, axis=0))


def _copies(image: str, size: int, n: int) -> NDArray[np.uint8]:
    return np.repeat(fit(read_image(Path(image)), size)[None], n, axis=0)


class Denoiser(torch.nn.Module):
    """One denoising step, as a server takes it.

    Args:
        model: the denoiser.
    """

    def __init__(self, model: TextToImage) -> None:
        super().__init__()
        self.network = model.network
        self.example = self._inputs(model)

    def forward(
        self,
        image: Tensor,
        timestep: Tensor,
        tokens: Tensor,
        mask: Tensor,
        low_res: Tensor | None = None,
        inpaint_image: Tensor | None = None,
        inpaint_mask: Tensor | None = None,
    ) -> Tensor:
        """Noise and variance `(b, 6, size, size)` of noised images.

        Args:
            image: `(b, 3, size, size)`, from -1 to 1 but for the noise.
            timestep: `(b,)`.
            tokens: of the captions, `(b, context)`.
            mask: of the captions, `(b, context)` bool.
            low_res: what is enlarged, `(b, 3, low_size, low_size)`.
            inpaint_image: what is given, `(b, 3, size, size)`.
            inpaint_mask: where it is, `(b, 1, size, size)`.
        """
        others = {"low_res": low_res, "inpaint_image": inpaint_image, "inpaint_mask": inpaint_mask}
        seen = {name: value for name, value in others.items() if value is not None}
        output: Tensor = self.network(image, timestep, tokens, mask, **seen)
        return output

    def _inputs(self, model: TextToImage) -> dict[str, NDArray[Any]]:
        """What the network sees, for two images."""
        tokens, mask = model.encode(["", ""])
        shape, size = (2, 3, model.size, model.size), model.images.low_size
        found: dict[str, NDArray[Any]] = {
            "image": np.zeros(shape, np.float32),
            "timestep": np.zeros(2, np.float32),
            "tokens": tokens.cpu().numpy(),
            "mask": mask.cpu().numpy(),
        }
        if size is not None:
            found["low_res"] = np.zeros((2, 3, size, size), np.float32)
        if model.options.inpaint:
            found["inpaint_image"] = np.zeros(shape, np.float32)
            found["inpaint_mask"] = np.zeros((2, 1, *shape[2:]), np.float32)
        return found
