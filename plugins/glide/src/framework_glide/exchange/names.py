"""The denoiser's weights under diffusers' names: `UNet2DConditionModel` has all of its layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from framework.errors import UserError
from framework_glide.unet.config import UNetOptions
from framework_glide.unet.network import TextUNet

#: Parts of a residual block.
_BLOCK = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
#: Parts of an attention layer: one of ours may be several of theirs.
_ATTENTION = {
    "norm": ("group_norm",),
    "qkv": ("to_q", "to_k", "to_v"),
    "encoder_kv": ("add_k_proj", "add_v_proj"),
    "proj_out": ("to_out.0",),
}
_ENDS = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
#: What the text transformer's parameters begin with; their names stay.
TEXT = (
    "token_embedding",
    "positional_embedding",
    "padding_embedding",
    "transformer",  # transformer_proj too
    "final_ln",
)


class Entry(NamedTuple):
    """A parameter of ours, and those of diffusers' it is cut into.

    Attributes:
        ours: its name.
        theirs: their names; of each head, their rows lie next to each other in ours.
        heads: how often.
    """

    ours: str
    theirs: tuple[str, ...]
    heads: int = 1


def config_of(options: UNetOptions, size: int) -> dict[str, Any]:
    """What `UNet2DConditionModel` is configured with.

    Raises:
        UserError: diffusers has no such network.
    """
    text = options.text
    missing = [
        what
        for what, lacks in (
            ("a network without text", text is None),
            ("heads that are counted and not measured", options.head_channels is None),
            ("conditions that are added", not options.scale_shift),
            ("convolutions that halve", not options.residual_resampling),
            ("a first level of several times the channels", options.multipliers[0] != 1),
        )
        if lacks
    ]
    if missing or text is None:
        raise UserError(f"diffusers' UNet2DConditionModel has no place for {', '.join(missing)}")
    attention = [factor in options.attention_factors for factor in options.factors]
    down = ["SimpleCrossAttnDownBlock2D" if there else "ResnetDownsampleBlock2D" for there in attention]
    up = ["SimpleCrossAttnUpBlock2D" if there else "ResnetUpsampleBlock2D" for there in attention]
    return {
        "_class_name": "UNet2DConditionModel",
        "sample_size": size,
        "in_channels": options.in_channels,
        "out_channels": options.out_channels,
        "block_out_channels": list(options.widths),
        "layers_per_block": options.blocks,
        "down_block_types": down,
        "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
        "up_block_types": up[::-1],
        "cross_attention_dim": text.width,
        "attention_head_dim": options.head_channels,
        "norm_num_groups": options.groups,
        "resnet_time_scale_shift": "scale_shift",
        "class_embed_type": "identity",
        "dropout": options.dropout,
    }


def to_diffusers(weights: Mapping[str, Tensor], options: UNetOptions) -> dict[str, Tensor]:
    """The denoiser's weights without the text transformer's, under diffusers' names."""
    found = {}
    for entry, shape in _entries(options):
        whole = weights[entry.ours]
        if entry.ours.endswith(_NARROW):
            whole = whole.squeeze(-1)
        parts = whole.reshape(entry.heads, len(entry.theirs), -1, *whole.shape[1:]).unbind(1)
        for name, part in zip(entry.theirs, parts, strict=True):
            found[name] = part.reshape(-1, *whole.shape[1:]).contiguous()
        assert whole.numel() == shape.numel()
    return found


def from_diffusers(weights: Mapping[str, Tensor], options: UNetOptions) -> dict[str, Tensor]:
    """The inverse of `to_diffusers`.

    Raises:
        KeyError: a name that is missing.
        RuntimeError: a weight of another shape.
    """
    found = {}
    for entry, shape in _entries(options):
        parts = [weights[name] for name in entry.theirs]
        cut = [part.reshape(entry.heads, -1, *part.shape[1:]) for part in parts]
        found[entry.ours] = torch.stack(cut, dim=1).reshape(shape)
    return found


#: Our attention's products are convolutions of one pixel; theirs are matrices.
_NARROW = ("qkv.weight", "encoder_kv.weight", "proj_out.weight")


def _entries(options: UNetOptions) -> Iterator[tuple[Entry, torch.Size]]:
    """Every parameter but the text transformer's, with its shape."""
    with torch.device("meta"):
        own = {name: value.shape for name, value in TextUNet(options).state_dict().items()}
    for entry in _layers(options, own):
        yield entry, own[entry.ours]


def _layers(options: UNetOptions, own: Mapping[str, torch.Size]) -> Iterator[Entry]:
    for ours, theirs in _ENDS.items():
        yield from _parameters(ours, (theirs,))
    for ours, theirs in _blocks(options):
        if f"{ours}.qkv.weight" not in own:
            for part, name in _BLOCK.items():
                if f"{ours}.{part}.weight" in own:
                    yield from _parameters(f"{ours}.{part}", (f"{theirs}.{name}",))
            continue
        heads = options.heads_of(own[f"{ours}.norm.weight"][0])
        for part, names in _ATTENTION.items():
            count = heads if len(names) > 1 else 1
            yield from _parameters(f"{ours}.{part}", tuple(f"{theirs}.{name}" for name in names), count)


def _parameters(ours: str, theirs: tuple[str, ...], heads: int = 1) -> Iterator[Entry]:
    for kind in ("weight", "bias"):
        yield Entry(f"{ours}.{kind}", tuple(f"{name}.{kind}" for name in theirs), heads)


def _blocks(options: UNetOptions) -> Iterator[tuple[str, str]]:
    """Residual blocks and attention layers, in the order of the network."""
    number = 1
    for level, factor in enumerate(options.factors):
        for j in range(options.blocks):
            yield f"input_blocks.{number}.0", f"down_blocks.{level}.resnets.{j}"
            if factor in options.attention_factors:
                yield f"input_blocks.{number}.1", f"down_blocks.{level}.attentions.{j}"
            number += 1
        if factor != options.factors[-1]:
            yield f"input_blocks.{number}.0", f"down_blocks.{level}.downsamplers.0"
            number += 1
    for place, name in enumerate(("resnets.0", "attentions.0", "resnets.1")):
        yield f"middle_block.{place}", f"mid_block.{name}"
    number = 0
    for level, factor in enumerate(options.factors[::-1]):
        for j in range(options.blocks + 1):
            yield f"output_blocks.{number}.0", f"up_blocks.{level}.resnets.{j}"
            attention = factor in options.attention_factors
            if attention:
                yield f"output_blocks.{number}.1", f"up_blocks.{level}.attentions.{j}"
            if j == options.blocks and factor > 1:
                yield f"output_blocks.{number}.{1 + attention}", f"up_blocks.{level}.upsamplers.0"
            number += 1
