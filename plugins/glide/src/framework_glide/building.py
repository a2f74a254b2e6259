"""Build a denoiser for an environment, or from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from framework.errors import UserError
from framework_glide.model_config import UNetConfig, UpsamplerConfig
from framework_glide.text.learned import learn_from
from framework_glide.text.released import from_folder
from framework_glide.text_to_image import Description, ImageOptions, TextToImage
from framework_glide.unet.config import TextOptions, UNetOptions
from framework_glide.unet.surgery import see_masks


def build(environment: Any, config: UNetConfig) -> TextToImage:
    """Builder of `glide/unet` and `glide/upsampler`.

    Args:
        environment: images and captions; looked at for the size and the vocabulary, if they do not
            come from elsewhere.
        config: parameters.
    """
    if config.weights is not None:
        return load(config.weights, config)
    size = _image_size(environment) if config.size is None else config.size
    factor = config.factor if isinstance(config, UpsamplerConfig) else None
    tokenizer = from_folder(config.vocabulary) if config.vocabulary else None
    vocab_size = tokenizer.vocab_size if tokenizer else config.vocab_size
    images = ImageOptions(size=size, low_size=factor and size // factor, schedule=config.schedule)
    options = unet_options(config, size, vocab_size)
    return TextToImage(
        options, images, tokenizer or partial(learn_from, environment, config.vocab_size), config.precision
    )


def unet_options(config: UNetConfig, size: int, vocab_size: int) -> UNetOptions:
    """The network's options, of the recipe's."""
    for at in config.attention:
        if size % at or (size // at) not in [2**level for level in range(len(config.multipliers))]:
            raise UserError(
                f"attention: no level of the network is {at} px wide; "
                f"they are {', '.join(str(size // 2**i) for i in range(len(config.multipliers)))}"
            )
    return UNetOptions(
        channels=config.channels,
        multipliers=tuple(config.multipliers),
        blocks=config.blocks,
        attention_factors=tuple(size // at for at in config.attention),
        head_channels=config.head_channels,
        dropout=config.dropout,
        text=TextOptions(
            vocab_size=vocab_size,
            context=config.text.context,
            width=config.text.width,
            layers=config.text.layers,
            heads=config.text.heads,
        ),
        low_res=isinstance(config, UpsamplerConfig),
        inpaint=config.inpaint,
        checkpoint_blocks=config.checkpoint_blocks,
    )


def load(path: Path, config: UNetConfig | None = None) -> TextToImage:
    """Rebuild a denoiser from a checkpoint that the framework wrote, with averaged weights if it has any.

    Args:
        path: of the checkpoint.
        config: `inpaint`, `precision`, `dropout` and `checkpoint_blocks` are taken from it.

    Raises:
        UserError: the file is no such checkpoint.
    """
    config = config or UNetConfig()
    state = _state(path)
    try:
        found = Description.read(state["model._extra_state"])
    except KeyError as error:
        raise UserError(
            f"weights: {path} is not the checkpoint of a glide/unet or glide/upsampler"
        ) from error
    weights = averaged_weights(state)
    options = found.options
    if config.inpaint and not options.inpaint:
        weights, options = see_masks(weights, options), replace(options, inpaint=True)
    options = replace(options, dropout=config.dropout, checkpoint_blocks=config.checkpoint_blocks)
    model = TextToImage(options, found.images, found.tokenizer, config.precision)
    model.network.load_state_dict(weights)
    return model


def averaged_weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network's weights in an algorithm's state: the slowest average's, if there are averages."""
    decays = state.get("averages.decay")
    if decays is not None and len(decays):
        prefix = f"averages.copies.{int(decays.argmax())}."
    else:
        prefix = "model.network."
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _state(path: Path) -> dict[str, Tensor]:
    try:
        found: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=False, mmap=True)
        state: dict[str, Tensor] = found["state_dict"]
    except (OSError, EOFError, KeyError, TypeError, RuntimeError, UnpicklingError) as error:
        raise UserError(f"weights: {path} is not a checkpoint: {error}") from error
    return state


def _image_size(environment: Any) -> int:
    try:
        return int(environment["train"].features["image"].shape[0])
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError("the environment has no images in its split `train`; give model.size") from error
