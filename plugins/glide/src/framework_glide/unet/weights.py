"""Weights from files in the released layout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from zipfile import BadZipFile

import torch
from torch import Tensor, nn

from framework.errors import UserError

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
    except (OSError, EOFError, ValueError, RuntimeError, UnpicklingError, BadZipFile) as error:
        raise UserError(f"weights: {path} cannot be read as tensors: {_first_line(error)}") from error
    except Exception as error:  # safetensors raises a class of its own, derived from Exception
        if type(error).__name__ != "SafetensorError":
            raise
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
    found, own = read_weights(path), network.state_dict()
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


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
