"""A model as a folder that diffusers and transformers read the parts of.

    model_index.json                                    what the parts are, and our own options
    unet/config.json, diffusion_pytorch_model.safetensors   `UNet2DConditionModel.from_pretrained`
    scheduler/scheduler_config.json                     any scheduler's `from_pretrained`
    tokenizer/tokenizer.json, tokenizer_config.json     `PreTrainedTokenizerFast.from_pretrained`
    text_encoder/config.json, model.safetensors         the text transformer, under the released names

Diffusers has no text transformer of this kind: its states and its summary go into
`encoder_hidden_states` and `class_labels` of its UNet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from framework.errors import UserError
from framework_glide.exchange.names import TEXT, config_of, from_diffusers, to_diffusers
from framework_glide.text.tokenizer import Tokenizer
from framework_glide.text_to_image import Description, ImageOptions, TextToImage
from framework_glide.unet.config import UNetOptions
from framework_glide.unet.lora import merged
from framework_glide.unet.weights import read_weights

INDEX = "model_index.json"
UNET = Path("unet", "diffusion_pytorch_model.safetensors")
TEXT_ENCODER = Path("text_encoder", "model.safetensors")
#: Where our options are in the index.
_OWN = "framework_glide"


def save(model: TextToImage, folder: Path) -> None:
    """Write a model; files that are there are replaced.

    Args:
        model: of `glide/unet` or `glide/upsampler`.
        folder: made if need be.

    Raises:
        UserError: diffusers has no such network, the package safetensors is missing, or the folder
            cannot be written.
    """
    options = model.options
    config = config_of(options, model.size)
    weights = {name: value.detach().cpu() for name, value in merged(model.network.state_dict()).items()}
    tokenizer = json.loads(model.tokenizer.to_json())
    pad = model.tokenizer.layout.pad
    assert options.text is not None
    own = {
        "options": options.to_dict(),
        "images": asdict(model.images),
        "layout": tokenizer["layout"],
    }
    try:
        _write(folder / INDEX, {**_INDEX, _OWN: own})
        _write(folder / "unet" / "config.json", config)
        _write(folder / "scheduler" / "scheduler_config.json", scheduler_of(model.images))
        _write(folder / "tokenizer" / "tokenizer.json", tokenizer["bpe"])
        _write(
            folder / "tokenizer" / "tokenizer_config.json",
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "model_max_length": options.text.context,
                "padding_side": "right",
                "pad_token_id": pad,
            },
        )
        _write(folder / "text_encoder" / "config.json", asdict(options.text))
        _write_weights(folder / UNET, to_diffusers(weights, options))
        _write_weights(folder / TEXT_ENCODER, {n: w for n, w in weights.items() if n.startswith(TEXT)})
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror or error}") from error


def read(folder: Path) -> tuple[Description, dict[str, Tensor]]:
    """What `save` wrote: what the model is, and its weights in the released layout.

    Raises:
        UserError: it is no such folder, or its parts do not fit each other.
    """
    description = describe(folder)
    weights = read_weights(folder / TEXT_ENCODER)
    try:
        weights |= from_diffusers(read_weights(folder / UNET), description.options)
    except (KeyError, RuntimeError) as error:
        raise UserError(f"weights: {folder / UNET} does not fit {folder / INDEX}: {error}") from error
    return description, weights


def describe(folder: Path) -> Description:
    """What the model in a folder is.

    Raises:
        UserError: it is no such folder.
    """
    index = folder / INDEX
    try:
        own = json.loads(index.read_text())[_OWN]
        bpe = json.loads((folder / "tokenizer" / "tokenizer.json").read_text())
        tokenizer = Tokenizer.from_json(json.dumps({"layout": own["layout"], "bpe": bpe}))
        return Description(UNetOptions.from_dict(own["options"]), ImageOptions(**own["images"]), tokenizer)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"weights: {folder} is not a folder that save_pretrained wrote: {index.name}: {error!r}"
        ) from error


def scheduler_of(images: ImageOptions) -> dict[str, Any]:
    """What diffusers' schedulers are configured with."""
    return {
        "_class_name": "DDPMScheduler",
        "num_train_timesteps": images.timesteps,
        "beta_schedule": images.schedule,
        "beta_start": 0.0001,
        "beta_end": 0.02,
        "variance_type": "learned_range",
        "prediction_type": "epsilon",
        "clip_sample": True,
    }


_INDEX = {
    "_class_name": "GlidePipeline",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "scheduler": ["diffusers", "DDPMScheduler"],
    "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
    "text_encoder": ["framework_glide", "TextTransformer"],
}


def _write(file: Path, value: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value, indent=2) + "\n")


def _write_weights(file: Path, weights: Mapping[str, Tensor]) -> None:
    try:
        from safetensors.torch import save_file
    except ImportError as error:
        raise UserError(f"{file} needs the package safetensors: pip install safetensors") from error
    file.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in weights.items()}, file, {"format": "pt"})
