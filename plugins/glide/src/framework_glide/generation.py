"""From captions to images: guidance, inpainting and upsampling put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from framework.errors import UserError
from framework.supervised.precision import autocast
from framework_glide.diffusion.config import SamplingConfig
from framework_glide.diffusion.guidance import classifier_free, is_on, rescaled
from framework_glide.diffusion.noise import ImageNoise
from framework_glide.diffusion.samplers import sampler_of
from framework_glide.diffusion.sampling import sample
from framework_glide.text_to_image import TextToImage
from framework_glide.training.batch import to_images, to_tensor
from framework_glide.unet.text_transformer import Text

Images: TypeAlias = NDArray[np.uint8]


class Guide(Protocol):
    """A noised CLIP."""

    def guidance(self, prompts: Sequence[str], factor: float = 1.0) -> Callable[[Tensor, Tensor], Tensor]:
        """The gradient of its score, scaled, as a function of noised images and timesteps."""
        ...


@dataclass(frozen=True)
class Known:
    """What of the images is given.

    Attributes:
        images: `(n, h, w, 3)` uint8; what the mask hides does not matter.
        masks: `(n, h, w)` bool, True where the image is known.
    """

    images: Images
    masks: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.masks.shape != self.images.shape[:3]:
            raise ValueError(f"masks {self.masks.shape} for images {self.images.shape}")


@dataclass(frozen=True)
class Start:
    """Images to begin with instead of noise (Meng et al. 2022, SDEdit).

    Attributes:
        images: `(n, h, w, 3)` uint8.
        strength: share of the steps that are done, above 0: 1 leaves little of the images.
    """

    images: Images
    strength: float

    def __post_init__(self) -> None:
        if not 0 < self.strength <= 1:
            raise UserError(
                f"strength: {self.strength:g} is no share of the steps\n  give more than 0, and 1 at most"
            )

    def steps(self, of: int) -> int:
        """How many of the steps are done: at least one."""
        return max(1, int(of * self.strength))

    def part(self, rows: slice) -> Start:
        """That of some of the images."""
        return Start(self.images[rows], self.strength)


def generate(
    model: TextToImage,
    prompts: Sequence[str],
    sampling: SamplingConfig,
    *,
    seeds: Sequence[int] | None = None,
    clip: Guide | None = None,
    inpaint: Known | None = None,
    start: Start | None = None,
    low_res: Images | None = None,
    on_batch: Callable[[slice, Images], None] | None = None,
) -> Images:
    """Make an image of each prompt.

    No more than one batch is in the network at a time. An image depends on its prompt and its seed,
    not on the batch it is made in.

    Args:
        model: of `glide/unet` or `glide/upsampler`.
        prompts: n captions.
        sampling: sampler, steps and guidance.
        seeds: of the images' noise; 0..n-1 if not given.
        clip: guides where `sampling.clip_scale` is not 0.
        inpaint: known parts, which come out as they are. A model that was not trained for it has
            them replaced at every step all the same (section 2.5).
        start: images to begin with, noised as far as its strength says.
        low_res: `(n, h', w', 3)` uint8, what an upsampler enlarges.
        on_batch: told of each batch that is done: which images, and the images.

    Returns:
        `(n, size, size, 3)` uint8.

    Raises:
        UserError: CLIP guidance without a CLIP, or an upsampler without images.
    """
    seeds = range(len(prompts)) if seeds is None else seeds
    if len(seeds) != len(prompts):
        raise ValueError(f"{len(seeds)} seeds for {len(prompts)} prompts")
    if sampling.clip_scale and clip is None:
        raise UserError(
            "clip_scale needs a noised CLIP\n  give the parameter clip, such as ${checkpoint:clip}"
        )
    if (model.images.low_size is not None) != (low_res is not None):
        raise UserError(
            "an upsampler needs the images it enlarges, and no other model takes them"
            if low_res is None
            else "this model is no upsampler"
        )
    made = np.empty((len(prompts), model.size, model.size, 3), np.uint8)
    for first in range(0, len(prompts), sampling.batch_size):
        part = slice(first, min(first + sampling.batch_size, len(prompts)))
        known = None if inpaint is None else Known(inpaint.images[part], inpaint.masks[part])
        low = None if low_res is None else low_res[part]
        begun = None if start is None else start.part(part)
        made[part] = _batch(model, prompts[part], sampling, seeds[part], clip, known, begun, low)
        if on_batch is not None:
            on_batch(part, made[part])
    return made


def _batch(
    model: TextToImage,
    prompts: Sequence[str],
    sampling: SamplingConfig,
    seeds: Sequence[int],
    clip: Guide | None,
    known: Known | None,
    start: Start | None,
    low_res: Images | None,
) -> Images:
    device = model.device
    network = Guided(model, prompts, sampling)
    diffusion, noise = network.diffusion, ImageNoise(seeds)
    shape = (len(prompts), model.options.image_channels, model.size, model.size)
    x = noise.draw(shape).to(device) * sampling.temperature
    if start is not None:
        diffusion = diffusion.cleanest(start.steps(len(diffusion)))
        x = diffusion.q_sample(to_tensor(start.images).to(device), len(diffusion) - 1, x)
    denoised = None
    if low_res is not None:
        network.conditions["low_res"] = to_tensor(low_res).to(device)
    if known is not None:
        mask = torch.from_numpy(known.masks)[:, None].float().to(device)
        image = to_tensor(known.images).to(device) * mask
        if model.options.inpaint:
            network.conditions.update(inpaint_image=image, inpaint_mask=mask)

        def denoised(x0: Tensor) -> Tensor:
            return torch.lerp(x0, image, mask)

    gradient = None
    if sampling.clip_scale and clip is not None:
        gradient = network.within(clip.guidance(prompts, sampling.clip_scale))
    x = sample(
        diffusion,
        sampler_of(sampling.sampler, sampling.eta),
        network,
        noise,
        shape,
        start=x,
        gradient=gradient,
        denoised=denoised,
    )
    images = to_images(x)
    return images if known is None else np.where(known.masks[..., None], known.images, images)


class Guided:
    """A network whose answer has classifier-free guidance in it.

    Both halves, with the caption and without, are evaluated in one batch; each caption goes through the
    text transformer once, and the keys and values that attention takes from it are kept.

    Args:
        model: of which the network is.
        prompts: b captions.
        sampling: scale, interval, rescale, negative prompt, steps, variance.

    Attributes:
        conditions: further arguments of the network, `(b, ...)` each.
        diffusion: the process, respaced.
    """

    def __init__(self, model: TextToImage, prompts: Sequence[str], sampling: SamplingConfig) -> None:
        self.model, self.sampling = model, sampling
        self.diffusion = model.diffusion.respaced(sampling.respacing)
        self.conditions: dict[str, Tensor] = {}
        self._guided = sampling.scale != 1
        different = list(dict.fromkeys([*prompts, *([sampling.negative_prompt] if self._guided else [])]))
        places = torch.tensor([different.index(prompt) for prompt in prompts], device=model.device)
        with torch.no_grad(), autocast(model.precision, model.device):
            text = model.network.prepare(model.network.encode_text(*model.encode(different)))
        self._text = text.index(places)
        self._both = self._text
        if self._guided:
            nothing = torch.full_like(places, different.index(sampling.negative_prompt))
            self._both = Text.cat([self._text, text.index(nothing)])

    def __call__(self, x: Tensor, timesteps: Tensor) -> Tensor:
        """Noise `(b, 3, h, w)` in noised images, float32; with the learned variance it is `(b, 6, h, w)`."""
        if not self._guided or not self.active(timesteps):
            return self._evaluate(x, timesteps, self._text, self.conditions)
        twice = {name: torch.cat([value, value]) for name, value in self.conditions.items()}
        output = self._evaluate(torch.cat([x, x]), timesteps, self._both, twice)
        cond, uncond = output.chunk(2)
        guided = classifier_free(cond, uncond, self.sampling.scale)
        whole, index = self.model.diffusion, int(timesteps[0])
        return rescaled(whole, guided, cond, x, index, self.sampling.rescale)

    def active(self, timesteps: Tensor) -> bool:
        """Whether there is guidance at this noise level."""
        return is_on(int(timesteps[0]), self.sampling.interval, self.model.diffusion.steps)

    def within(self, gradient: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
        """A gradient that is 0 where there is no guidance."""

        def limited(x: Tensor, timesteps: Tensor) -> Tensor:
            return gradient(x, timesteps) if self.active(timesteps) else torch.zeros_like(x)

        return limited

    def _evaluate(self, x: Tensor, timesteps: Tensor, text: Text, conditions: dict[str, Any]) -> Tensor:
        # All images of a batch are at the same step.
        with autocast(self.model.precision, self.model.device):
            output: Tensor = self.model(x, timesteps[:1], text=text, **conditions)
        # A process that is told no variance takes the posterior's.
        return output.float() if self.sampling.variance == "learned" else output[:, : x.shape[1]].float()
