"""TextToImage: a denoiser with its tokenizer and its noise schedule, in one value."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from framework.errors import UserError
from framework.supervised.config import Precision
from framework_glide.diffusion.process import Diffusion
from framework_glide.model_config import Schedule
from framework_glide.text.tokenizer import Tokenizer
from framework_glide.unet.config import UNetOptions
from framework_glide.unet.network import TextUNet


@dataclass(frozen=True, kw_only=True)
class ImageOptions:
    """What a denoiser makes.

    Attributes:
        size: width and height of its images, in pixels.
        low_size: of the images it enlarges; None if it is no upsampler.
        schedule: of the noise.
        timesteps: of the whole process.
    """

    size: int
    low_size: int | None = None
    schedule: Schedule = "squaredcos_cap_v2"
    timesteps: int = 1000


class TextToImage(nn.Module):
    """A network in the released layout, and what it needs to make images of captions.

    Options and tokenizer travel in the state, so that a checkpoint alone rebuilds it.

    Args:
        options: of the network.
        images: what it makes.
        tokenizer: or a function that makes it when it is first needed.
        precision: of sampling.

    Attributes:
        network: `TextUNet`; its state dict is the released layout.
        diffusion: the whole process.
    """

    def __init__(
        self,
        options: UNetOptions,
        images: ImageOptions,
        tokenizer: Tokenizer | Callable[[], Tokenizer],
        precision: Precision = "auto",
    ) -> None:
        super().__init__()
        self.options, self.images, self.precision = options, images, precision
        self._tokenizer = tokenizer
        self.network = TextUNet(options)
        self.diffusion = Diffusion(images.schedule, images.timesteps)

    @property
    def size(self) -> int:
        """Width and height of its images, in pixels."""
        return self.images.size

    @property
    def tokenizer(self) -> Tokenizer:
        """Made now, if it was not before."""
        if not isinstance(self._tokenizer, Tokenizer):
            self._tokenizer = self._tokenizer()
        return self._tokenizer

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    def encode(self, prompts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Tokens `(b, context)` int64 and mask `(b, context)` bool, on the network's device."""
        assert self.options.text is not None
        tokens, mask = self.tokenizer.encode(prompts, self.options.text.context)
        return tokens.to(self.device), mask.to(self.device)

    def forward(self, x: Tensor, timesteps: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """As the network's: `(b, 6, h, w)`."""
        output: Tensor = self.network(x, timesteps, *args, **kwargs)
        return output

    def with_network(self, network: nn.Module) -> TextToImage:
        """The same with other weights, shared and not copied."""
        other = copy.copy(self)
        other._modules = {**self._modules, "network": network}
        return other

    def fingerprint(self) -> str:
        """Changes when the weights or anything else that makes the images does."""
        digest = hashlib.sha256(json.dumps(self._description(), sort_keys=True).encode())
        for parameter in self.network.state_dict().values():
            digest.update(parameter.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()[:16]

    def get_extra_state(self) -> Tensor:
        """Options and tokenizer as JSON in bytes: whoever walks a state dict expects tensors."""
        return torch.frombuffer(bytearray(json.dumps(self._description()).encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        found = Description.read(state)
        if found.images != self.images or found.options.to_dict() != self.options.to_dict():
            raise RuntimeError(f"it is another model: {found.options} with {found.images}")
        self._tokenizer = found.tokenizer

    def _description(self) -> dict[str, Any]:
        return {
            "options": self.options.to_dict(),
            "images": asdict(self.images),
            "tokenizer": self.tokenizer.to_json(),
        }


@dataclass(frozen=True)
class Description:
    """What a model's extra state says."""

    options: UNetOptions
    images: ImageOptions
    tokenizer: Tokenizer

    @classmethod
    def read(cls, state: Tensor) -> Description:
        """Of the extra state of a `TextToImage`."""
        found = json.loads(bytes(state.cpu().numpy()))
        return cls(
            UNetOptions.from_dict(found["options"]),
            ImageOptions(**found["images"]),
            Tokenizer.from_json(found["tokenizer"]),
        )


@runtime_checkable
class TrainsTextToImage(Protocol):
    """An algorithm that has a model to sample from."""

    def text_to_image(self) -> TextToImage: ...


def text_to_image_of(trained: Any) -> TextToImage:
    """The model of an algorithm, with averaged weights where there are some; or the model itself.

    Raises:
        UserError: there is none.
    """
    if isinstance(trained, TextToImage):
        return trained
    if isinstance(trained, TrainsTextToImage):
        return trained.text_to_image()
    raise UserError(
        f"{type(trained).__name__} makes no images\n"
        "  use this evaluator with a model glide/unet or glide/upsampler"
    )
