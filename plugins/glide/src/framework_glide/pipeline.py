"""Pipeline: a base model, what fills in masks, what guides, and an upsampler, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from framework.errors import UserError
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.generation import Guide, Images, Known, Start, generate
from framework_glide.images.files import fit
from framework_glide.text_to_image import TextToImage

if TYPE_CHECKING:
    from PIL.Image import Image

    #: A picture of Pillow's, or `(h, w, 3)` uint8; masks may be `(h, w)`.
    Picture = Image | NDArray[np.uint8]

#: The folders of the parts beside the base model, which is in the pipeline's own.
_PARTS = ("inpainter", "upsampler")


@dataclass(frozen=True)
class PipelineOutput:
    """What a pipeline made.

    Attributes:
        images: a list of Pillow's pictures, or `(n, size, size, 3)` uint8.
    """

    images: list[Image] | Images


@dataclass(frozen=True)
class Pipeline:
    """From a caption to an image as large as can be made.

    Attributes:
        base: makes images.
        inpainter: makes the hidden part of images; the base model if there is none.
        upsampler: enlarges them.
        clip: guides the base model, if it is asked to.
        temperature: factor of the noise that the upsampler begins with; .997 for the released one.
    """

    base: TextToImage
    inpainter: TextToImage | None = None
    upsampler: TextToImage | None = None
    clip: Guide | None = None
    temperature: float = 1.0

    @property
    def size(self) -> int:
        """Width and height of what comes out, in pixels."""
        return (self.upsampler or self.base).size

    def __call__(
        self,
        prompt: str | Sequence[str],
        *,
        num_inference_steps: int | str = 100,
        guidance_scale: float = 3.0,
        negative_prompt: str = "",
        num_images_per_prompt: int = 1,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        image: Picture | Sequence[Picture] | None = None,
        strength: float = 0.8,
        mask_image: Picture | Sequence[Picture] | None = None,
        output_type: Literal["pil", "np"] = "pil",
        sampling: SamplingConfig | None = None,
    ) -> PipelineOutput:
        """Make images, called as diffusers' pipelines are.

        Args:
            prompt: one, or several.
            num_inference_steps: as `SamplingConfig.steps`.
            guidance_scale: of classifier-free guidance; 1 is none.
            negative_prompt: what guidance leads away from.
            num_images_per_prompt: images of a prompt follow each other.
            generator: seeds are drawn from it, or from each image's own; None for other images each time.
            image: of any size, one for all or one for each image: to begin with, or to fill in.
            strength: without a mask: how much of the process the image goes through, above 0.
            mask_image: white is painted anew, black is kept, as diffusers has it.
            output_type: "pil" for Pillow's pictures, "np" for an array.
            sampling: sampler, variance and whatever else has no argument here.

        Raises:
            UserError: numbers of generators or pictures that do not fit, or a mask without an image.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        prompts = [each for each in prompts for _ in range(num_images_per_prompt)]
        wanted = replace(
            sampling or SamplingConfig(),
            steps=num_inference_steps,
            scale=guidance_scale,
            negative_prompt=negative_prompt,
        )
        known = start = None
        if image is not None:
            pictures = _square(image, len(prompts), self.size, "image")
            if mask_image is None:
                start = Start(pictures, strength)
            else:
                masks = _square(mask_image, len(prompts), self.size, "mask_image")
                known = Known(pictures, masks.max(axis=3) < 128)
        elif mask_image is not None:
            raise UserError("mask_image: there is no image whose part it is\n  give image too")
        made = self.generate(prompts, wanted, _seeds(generator, len(prompts)), known, start)
        if output_type == "np":
            return PipelineOutput(made)
        from PIL import Image

        return PipelineOutput([Image.fromarray(each) for each in made])

    def save_pretrained(self, folder: str | Path) -> None:
        """Write every part but the CLIP in diffusers' layout: the base model's here, others in folders.

        Raises:
            UserError: as of `framework_glide.exchange.folder.save`.
        """
        from framework_glide.exchange.folder import save

        save(self.base, Path(folder))
        for name in _PARTS:
            part = getattr(self, name)
            if part is not None:
                save(part, Path(folder) / name)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> Pipeline:
        """Read what `save_pretrained` wrote.

        Raises:
            UserError: it is no such folder, or its parts do not fit each other.
        """
        from framework_glide.building import load_folder

        inpainter, upsampler = (
            load_folder(path).eval() if path.is_dir() else None
            for path in (Path(folder) / name for name in _PARTS)
        )
        return cls(load_folder(Path(folder)).eval(), inpainter, upsampler)

    def generate(
        self,
        prompts: Sequence[str],
        sampling: SamplingConfig,
        seeds: Sequence[int],
        known: Known | None = None,
        start: Start | None = None,
    ) -> Images:
        """Make an image of each prompt, `(n, size, size, 3)` uint8.

        The upsampler takes the same steps without guidance: the small image says what to paint.

        Args:
            prompts: n captions.
            sampling: of the base model.
            seeds: of the noise.
            known: parts that are given, in the size of the result.
            start: images to begin with, in the size of the result.
        """
        first = self.base if known is None or self.inpainter is None else self.inpainter
        small = known and _shrunk(known, first.size)
        begun = start and Start(_resized(start.images, first.size), start.strength)
        images = generate(first, prompts, sampling, seeds=seeds, clip=self.clip, inpaint=small, start=begun)
        if self.upsampler is None:
            return images
        plain = replace(sampling, scale=1.0, clip_scale=0.0, temperature=self.temperature)
        return generate(self.upsampler, prompts, plain, seeds=seeds, inpaint=known, low_res=images)


def _seeds(generator: torch.Generator | Sequence[torch.Generator] | None, count: int) -> list[int]:
    """A seed for each image."""
    if generator is None or isinstance(generator, torch.Generator):
        return torch.randint(2**62, (count,), generator=generator).tolist()
    if len(generator) != count:
        raise UserError(
            f"generator: {len(generator)} of them for {count} images\n  give one, or one for each"
        )
    return [int(torch.randint(2**62, (1,), generator=each)) for each in generator]


def _square(pictures: Picture | Sequence[Picture], count: int, size: int, name: str) -> Images:
    """`(count, size, size, 3)` of one picture, or of one for each image."""
    several: Sequence[Any] = pictures if isinstance(pictures, list | tuple) else [pictures]
    if len(several) not in (1, count):
        raise UserError(f"{name}: {len(several)} pictures for {count} images\n  give one, or one for each")
    fitted = np.stack([fit(_rgb(each, name), size) for each in several])
    return np.repeat(fitted, count, axis=0) if len(fitted) == 1 else fitted


def _rgb(picture: Any, name: str) -> Images:
    found = np.asarray(picture.convert("RGB") if hasattr(picture, "convert") else picture)
    if found.ndim == 2:
        found = np.repeat(found[..., None], 3, axis=2)
    if found.ndim != 3 or found.shape[2] != 3 or found.dtype != np.uint8:
        raise UserError(
            f"{name}: {found.dtype} of shape {found.shape} is no picture\n"
            "  give one of Pillow's, or (h, w, 3) uint8"
        )
    return found


def _shrunk(known: Known, size: int) -> Known:
    """The same at another size; a pixel is known if all of it is."""
    return Known(_resized(known.images, size), np.stack([_all_of(mask, size) for mask in known.masks]))


def _resized(images: Images, size: int) -> Images:
    return np.stack([fit(image, size) for image in images])


def _all_of(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    cell = mask.shape[0] // size
    return np.asarray(mask.reshape(size, cell, size, cell).all(axis=(1, 3)))
