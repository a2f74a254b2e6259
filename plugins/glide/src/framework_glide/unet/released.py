"""From the options of the released models to ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framework.errors import UserError
from framework_glide.unet.config import TextOptions, UNetOptions

#: Channel multipliers where the released options leave them to the image size, in pixels.
MULTIPLIERS: Mapping[int, tuple[float, ...]] = {
    64: (1, 2, 3, 4),
    128: (1, 1, 2, 3, 4),
    256: (1, 1, 2, 2, 4, 4),
}


def options_from_reference(values: Mapping[str, Any]) -> UNetOptions:
    """Translate options that are named as the released code names them.

    There are two spellings. Its model-and-diffusion options have `num_channels`, `super_res`,
    `inpaint`, `channel_mult` as text (empty: by image size) and `attention_resolutions` as text,
    in pixels. Its constructors' arguments have `model_channels`, lists, and `attention_resolutions`
    as the factors by which the image is smaller; `cls`, the class's name, says what the network
    sees beside the noised image.

    Args:
        values: the options; others, such as the noise schedule's, are not looked at.

    Raises:
        UserError: one is missing or cannot be read.
    """
    try:
        return _translate(values)
    except KeyError as error:
        raise UserError(f"released options: {error.args[0]!r} is missing") from error
    except (TypeError, ValueError) as error:
        raise UserError(f"released options: {error}") from error


def _translate(values: Mapping[str, Any]) -> UNetOptions:
    name = str(values.get("cls", ""))
    head_channels = int(values.get("num_head_channels", -1))
    heads_up = int(values.get("num_heads_upsample", -1))
    return UNetOptions(
        channels=int(values["num_channels"] if "num_channels" in values else values["model_channels"]),
        multipliers=_multipliers(values),
        blocks=int(values["num_res_blocks"]),
        attention_factors=_factors(values),
        head_channels=None if head_channels == -1 else head_channels,
        heads=int(values.get("num_heads", 1)),
        heads_up=None if heads_up == -1 else heads_up,
        image_channels=int(values.get("in_channels", 3)),
        out_channels=int(values.get("out_channels", 6)),
        dropout=float(values.get("dropout", 0)),
        scale_shift=bool(values.get("use_scale_shift_norm", False)),
        residual_resampling=bool(values.get("resblock_updown", False)),
        learned_resampling=bool(values.get("conv_resample", True)),
        text=_text(values),
        low_res=bool(values.get("super_res", name.startswith("SuperRes"))),
        inpaint=bool(values.get("inpaint", "Inpaint" in name)),
        checkpoint_blocks=bool(values.get("use_checkpoint", False)),
    )


def _text(values: Mapping[str, Any]) -> TextOptions | None:
    if not values.get("xf_width"):
        return None
    return TextOptions(
        vocab_size=int(values.get("n_vocab", TextOptions.vocab_size)),
        context=int(values["text_ctx"]),
        width=int(values["xf_width"]),
        layers=int(values["xf_layers"]),
        heads=int(values["xf_heads"]),
        final_norm=bool(values.get("xf_final_ln", False)),
        padding_embedding=bool(values.get("xf_padding", False)),
    )


def _multipliers(values: Mapping[str, Any]) -> tuple[float, ...]:
    given = values.get("channel_mult", "")
    if isinstance(given, str):
        given = [float(part) for part in given.split(",") if part.strip()]
    if not given:
        size = int(values["image_size"])
        if size not in MULTIPLIERS:
            raise ValueError(
                f"channel_mult is empty and image_size {size} is none of {sorted(MULTIPLIERS)}: "
                f"give channel_mult"
            )
        given = MULTIPLIERS[size]
    return tuple(int(part) if part == int(part) else part for part in given)


def _factors(values: Mapping[str, Any]) -> tuple[int, ...]:
    given = values["attention_resolutions"]
    if isinstance(given, str):
        return tuple(int(values["image_size"]) // int(part) for part in given.split(",") if part.strip())
    return tuple(int(factor) for factor in given)
