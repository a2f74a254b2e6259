"""Build a denoiser for an environment, or from a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from framework.errors import UserError
from framework.supervised.average import averaged_weights
from framework_glide.checkpoint import read_state
from framework_glide.exchange import folder
from framework_glide.model_config import UNetConfig, UpsamplerConfig
from framework_glide.text.learned import learn_from
from framework_glide.text.released import from_folder
from framework_glide.text.tokenizer import Tokenizer
from framework_glide.text_to_image import Description, ImageOptions, TextToImage
from framework_glide.unet.config import TextOptions, UNetOptions
from framework_glide.unet.lora import adapt, merged
from framework_glide.unet.sizes import PIXELS, SIZES, Size
from framework_glide.unet.surgery import see_masks
from framework_glide.unet.weights import fit, read_weights, recognise

#: What the framework's checkpoints end in.
CHECKPOINT = ".ckpt"


def build(environment: Any, config: UNetConfig) -> TextToImage:
    """Builder of `glide/unet` and `glide/upsampler`.

    Args:
        environment: images and captions; looked at for the size and the vocabulary, if they do not
            come from elsewhere.
        config: parameters.

    Raises:
        UserError: parts that do not fit each other, or files that are not what they should be.
    """
    if config.weights is not None:
        model = _from_weights(config.weights, config)
        if config.lora_rank:
            adapt(model.network, config.lora_rank, config.lora_alpha)
        return model
    tokenizer = from_folder(config.vocabulary) if config.vocabulary else None
    if config.preset is not None and tokenizer is not None:
        return _of_size(config.preset, config, tokenizer)
    size = _image_size(environment) if config.size is None else config.size
    factor = config.factor if isinstance(config, UpsamplerConfig) else None
    if factor and size % factor:
        raise UserError(
            f"factor: images of {size} px are not {factor} times larger than any\n"
            "  choose one that divides the size"
        )
    vocab_size = tokenizer.vocab_size if tokenizer else config.vocab_size
    images = ImageOptions(size=size, low_size=factor and size // factor, schedule=config.schedule)
    options = unet_options(config, size, vocab_size)
    learned = partial(learn_from, environment, config.vocab_size)
    return TextToImage(options, images, tokenizer or learned, config.precision)


def _from_weights(path: Path, config: UNetConfig) -> TextToImage:
    if path.suffix == CHECKPOINT:
        return load(path, config)
    return load_folder(path, config) if path.is_dir() else load_released(path, config)


def _of_size(name: Size, config: UNetConfig, tokenizer: Tokenizer) -> TextToImage:
    options, size = SIZES[name], config.size or PIXELS[name]
    options = replace(
        options,
        inpaint=config.inpaint,
        dropout=config.dropout,
        checkpoint_blocks=config.checkpoint_blocks,
    )
    images = ImageOptions(
        size=size,
        low_size=size // 4 if options.low_res else None,
        schedule="linear" if options.low_res else "squaredcos_cap_v2",
    )
    return TextToImage(options, images, tokenizer, config.precision)


def load_released(path: Path, config: UNetConfig) -> TextToImage:
    """A model with weights in the released layout; its size is told from their shapes.

    Args:
        path: a state dict: `base.pt`, `upsample.pt`, `base_inpaint.pt`, `upsample_inpaint.pt`.
        config: `vocabulary` is needed; with `inpaint`, weights that see no masks are widened.

    Raises:
        UserError: no vocabulary, or weights of another network.
    """
    if config.vocabulary is None:
        raise UserError(
            "released weights need the vocabulary they were trained with\n"
            "  give the folder it is in as `vocabulary`: encoder.json and vocab.bpe, as GPT-2's"
        )
    weights = read_weights(path)
    found = recognise(weights)
    if found is None:
        raise UserError(
            f"weights: {path} is not of a released size ({', '.join(SIZES)})\n"
            f"  the framework's own checkpoints end in {CHECKPOINT}"
        )
    size, options = found
    if config.inpaint and not options.inpaint:
        weights = see_masks(weights, options)
    masked = replace(config, inpaint=config.inpaint or options.inpaint)
    model = _of_size(size, masked, from_folder(config.vocabulary))
    fit(model.network, weights, path)
    return model


def load_folder(path: Path, config: UNetConfig | None = None) -> TextToImage:
    """A model from a folder in diffusers' layout; see `framework_glide.exchange.folder`.

    Args:
        path: of the folder.
        config: as of `load`.

    Raises:
        UserError: it is no such folder.
    """
    description, weights = folder.read(path)
    return _rebuilt(description, weights, config or UNetConfig(), path)


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
        groups=config.groups,
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
    state = read_state(path, "a glide/unet or glide/upsampler")
    found = Description.read(state["model._extra_state"])
    return _rebuilt(found, merged(averaged_weights(state, "model.network.")), config, path)


def _rebuilt(
    found: Description, weights: Mapping[str, Tensor], config: UNetConfig, path: Path
) -> TextToImage:
    """The model of weights that were read, with what the configuration changes of it."""
    options = found.options
    if config.inpaint and not options.inpaint:
        weights, options = see_masks(weights, options), replace(options, inpaint=True)
    options = replace(options, dropout=config.dropout, checkpoint_blocks=config.checkpoint_blocks)
    model = TextToImage(options, found.images, found.tokenizer, config.precision)
    fit(model.network, weights, path)
    return model


def _image_size(environment: Any) -> int:
    try:
        return int(environment["train"].features["image"].shape[0])
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError("the environment has no images in its split `train`; give model.size") from error
