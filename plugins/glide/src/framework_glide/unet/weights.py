"""Weights from files in the released layout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from framework.errors import UserError
from framework_glide.unet.config import UNetOptions
from framework_glide.unet.network import TextUNet
from framework_glide.unet.sizes import SIZES, Size

#: Names of each kind that an error shows.
SHOWN = 3


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a state dict; numbers stored in half precision become float32.

    Args:
        path: a `.safetensors` file, or one of `torch.save`. Nothing but tensors is read, so a file of
            a stranger can run no code.

    Raises:
        UserError: it is neither, or holds something else.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            found: object = load_file(path)
        else:
            found = torch.load(path, map_location="cpu", weights_only=True)
    except ImportError as error:
        raise UserError(f"weights: {path} needs the package safetensors: pip install safetensors") from error
    except Exception as error:  # a file that is something else breaks both in many ways
        raise UserError(f"weights: {path} cannot be read as tensors: {_first_line(error)}") from error
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise UserError(f"weights: {path} is not a state dict: names and tensors, nothing else")
    return {str(name): value.float() if value.is_floating_point() else value for name, value in found.items()}


def load_released(network: nn.Module, path: Path) -> None:
    """Start a network from a file in the released layout, which has to fit exactly.

    Args:
        network: a `TextUNet`, or any module.
        path: see `read_weights`.

    Raises:
        UserError: names are missing or unknown, or shapes differ; it tells the first few.
    """
    fit(network, read_weights(path), path)


def fit(network: nn.Module, found: Mapping[str, Tensor], path: Path) -> None:
    """Start a network from weights that were read; arguments and errors as of `load_released`."""
    own = network.state_dict()
    faults = {
        "missing": [name for name in own if name not in found],
        "unexpected": [name for name in found if name not in own],
        "of another shape": [
            f"{name} ({'x'.join(map(str, value.shape))}, not {'x'.join(map(str, own[name].shape))})"
            for name, value in found.items()
            if name in own and value.shape != own[name].shape
        ],
    }
    told = [
        f"{len(names)} {fault}: {', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''}"
        for fault, names in faults.items()
        if names
    ]
    if told:
        raise UserError(
            f"weights: {path} does not fit this network\n  "
            + "\n  ".join(told)
            + "\n  the options must be those the weights were trained with"
        )
    network.load_state_dict(found)


def recognise(found: Mapping[str, Tensor]) -> tuple[Size, UNetOptions] | None:
    """Which of the sizes weights belong to, with or without `inpaint`; None if to none of them."""
    shapes = {name: value.shape for name, value in found.items()}
    for size, plain in SIZES.items():
        for options in (plain, replace(plain, inpaint=True)):
            with torch.device("meta"):
                own = TextUNet(options).state_dict()
            if shapes == {name: value.shape for name, value in own.items()}:
                return size, options
    return None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
