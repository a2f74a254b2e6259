"""Weights out of a checkpoint, which may be a stranger's: no code in the file is run."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch

from framework.errors import UserError
from framework.runs.checkpoints import CorruptCheckpointError, is_altered

# What our own checkpoints hold beside tensors: NumPy's arrays and numbers.
_ARRAYS: list[Any] = [np.ndarray, np.dtype, bytes, *(getattr(np.dtypes, name) for name in np.dtypes.__all__)]
for _number in (np.zeros(1), np.float64(1)):
    _made: Any = _number.__reduce__()[0]  # the function that a pickle calls for it
    _ARRAYS += [
        (_made, f"numpy.{core}.multiarray.{_made.__name__}") for core in ("_core", "core")
    ]  # NumPy 2, 1


def read_checkpoint(path: Path, *, mmap: bool = False) -> dict[str, Any]:
    """Return what a checkpoint holds.

    A file that holds more than tensors, arrays and plain values is refused. A plugin whose
    checkpoints hold objects of its own classes names these to `torch.serialization.add_safe_globals`.

    Args:
        path: the checkpoint. If there is a digest beside it, it has to match.
        mmap: read each tensor when it is first looked at.

    Raises:
        UserError: it is not a whole checkpoint, or holds something else.
    """
    if is_altered(path):
        raise CorruptCheckpointError(f"weights: {path} is truncated or altered: its SHA-256 does not match")
    try:
        with torch.serialization.safe_globals(_ARRAYS), warnings.catch_warnings(action="ignore"):
            found = torch.load(path, map_location="cpu", weights_only=True, mmap=mmap)
    except Exception as error:  # a file that is something else breaks torch in many ways
        raise UserError(f"weights: {path} is not a checkpoint that can be read: {_reason(error)}") from error
    state = found.get("state_dict") if isinstance(found, dict) else None
    if not isinstance(state, dict) or not all(isinstance(name, str) for name in state):
        keys = ", ".join(map(repr, list(found)[:4])) if isinstance(found, dict) else ""
        holds = f"keys {keys}" if keys else type(found).__name__
        raise UserError(f"weights: {path} is not the checkpoint of a run: it has no 'state_dict' ({holds})")
    return dict(found)


def read_weights(path: Path, *, mmap: bool = False) -> dict[str, Any]:
    """Return the `state_dict` of a checkpoint; see `read_checkpoint`."""
    state: dict[str, Any] = read_checkpoint(path, mmap=mmap)["state_dict"]
    return state


def model_weights(path: Path) -> dict[str, Any]:
    """Return that of the algorithm's `model`, by the model's own names."""
    saved = read_weights(path)
    return {name.removeprefix("model."): value for name, value in saved.items() if name.startswith("model.")}


def load_weights(model: torch.nn.Module, path: Path) -> None:
    """Start a model from a checkpoint: `model: {weights: ${checkpoint:base}}`.

    Args:
        model: of the same shapes as the algorithm's `model` in the checkpoint.
        path: the checkpoint.

    Raises:
        UserError: it is not a whole checkpoint, or its model is another one; see `read_weights`.
    """
    own = model_weights(path)
    try:
        model.load_state_dict(own)
    except (RuntimeError, TypeError, ValueError, KeyError, AttributeError) as error:  # or of its extra state
        raise UserError(f"weights: the model in {path} is not like this one: {error}") from error


def _reason(error: Exception) -> str:
    said = str(error)
    if forbidden := re.search(r"GLOBAL (\S+)", said):
        return f"it holds {forbidden[1]}, which is neither a tensor nor a plain value; no code of it was run"
    if isinstance(error, UnpicklingError):
        return "torch.save did not write it"
    return getattr(error, "strerror", None) or said.partition("\n")[0] or type(error).__name__
