"""Build a noised CLIP for an environment, from a checkpoint, or from the released files."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from framework.errors import UserError
from framework_glide.checkpoint import rebuild
from framework_glide.clip.config import NoisedCLIPConfig
from framework_glide.clip.model import LARGEST_SCALE, NoisedCLIP, described
from framework_glide.clip.options import NoisedCLIPOptions
from framework_glide.text.learned import learn_from
from framework_glide.text.released import from_folder
from framework_glide.text.tokenizer import Tokenizer

#: The released files, as they are called where they are published.
TEXT_FILE, IMAGE_FILE = "clip_text_enc.pt", "clip_image_enc.pt"

# What the shapes of the released weights do not tell.
_HEAD_WIDTH = 64


def build(environment: Any, config: NoisedCLIPConfig) -> NoisedCLIP:
    """Builder of `glide/noised_clip`.

    Args:
        environment: a `DatasetDict` with pictures and captions in `train`; not looked at where
            everything comes from elsewhere.
        config: its parameters.
    """
    if config.weights is not None:
        return load(config.weights, config.vocabulary).train().requires_grad_()
    folder = config.vocabulary
    tokenizer = from_folder(folder, "clip") if folder else learn_from(environment, config.vocab_size)
    size = config.image_size or _image_size(environment)
    if size % config.patch_size:
        raise UserError(
            f"glide/noised_clip: pictures of {size} px cannot be cut into patches of {config.patch_size} px\n"
            "  choose a patch_size that divides the size"
        )
    return NoisedCLIP(
        NoisedCLIPOptions(
            image_size=size,
            patch_size=config.patch_size,
            vocab_size=tokenizer.vocab_size,
            context=config.context,
            embedding=config.embedding,
            text_layers=config.text_layers,
            text_heads=config.embedding // config.head_width,
            image_width=config.image_width,
            image_layers=config.image_layers,
            image_heads=config.image_width // config.head_width,
            schedule=config.schedule,
        ),
        tokenizer,
    )


def load(path: Path, vocabulary: Path | None = None) -> NoisedCLIP:
    """A trained noised CLIP, in evaluation mode, whose weights need no gradients.

    Args:
        path: a checkpoint that the framework wrote, or a folder with the two released files.
        vocabulary: folder with CLIP's vocabulary for the released files; looked for beside
            them if not given.

    Raises:
        UserError: the files are missing, or something else.
    """
    if path.is_dir():
        tokenizer = from_folder(vocabulary or path, "clip")
        model = from_released(_state(path / TEXT_FILE), _state(path / IMAGE_FILE), tokenizer)
        return model.eval().requires_grad_(requires_grad=False)
    return rebuild(path, "a glide/noised_clip", lambda state: NoisedCLIP(*described(state)))


def from_released(
    text: Mapping[str, Tensor],
    image: Mapping[str, Tensor],
    tokenizer: Tokenizer,
    head_width: int = _HEAD_WIDTH,
) -> NoisedCLIP:
    """A noised CLIP with released weights.

    Args:
        text: state dict of the text encoder.
        image: state dict of the image encoder.
        tokenizer: CLIP's.
        head_width: units of a head of attention, in both.

    Raises:
        UserError: they are not such state dicts.
    """
    try:
        model = NoisedCLIP(_options(text, image, head_width), tokenizer, LARGEST_SCALE)
        model.text.load_state_dict(text)
        model.image.load_state_dict(image)
    except (KeyError, ValueError, RuntimeError) as error:
        raise UserError(f"clip: these are not the encoders of a noised CLIP: {error}") from error
    return model


def _options(text: Mapping[str, Tensor], image: Mapping[str, Tensor], head_width: int) -> NoisedCLIPOptions:
    vocab_size, embedding = text["blocks.input.w_voc"].shape
    image_width, _, patch_size, _ = image["blocks.input.patch_proj"].shape
    return NoisedCLIPOptions(
        image_size=math.isqrt(len(image["blocks.input.w_pos"]) - 1) * patch_size,
        patch_size=patch_size,
        vocab_size=vocab_size,
        context=len(text["blocks.input.w_pos"]),
        embedding=embedding,
        text_layers=sum(name.endswith("f_attn.f_k.w") for name in text),
        text_heads=max(1, embedding // head_width),
        image_width=image_width,
        image_layers=sum(name.endswith("f_attn.f_k.w") for name in image),
        image_heads=max(1, image_width // head_width),
        timesteps=len(image["blocks.input.w_t"]),
    )


def _state(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
            raise TypeError(f"it holds a {type(state).__name__} of other things than tensors")
    except Exception as error:  # a file that is something else breaks torch in many ways
        raise UserError(
            f"clip: {path} cannot be read: {error}\n"
            f"  the folder needs {TEXT_FILE} and {IMAGE_FILE}, as they are published"
        ) from error
    return state


def _image_size(environment: Any) -> int:
    try:
        size: int = environment["train"].features["image"].shape[0]
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(
            "glide/noised_clip takes its size from the environment's pictures, and it has none\n"
            "  give an environment with a column `image`, or image_size"
        ) from error
    return size
