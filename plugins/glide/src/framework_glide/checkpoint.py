"""Weights in the checkpoints that the framework writes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor

from framework.errors import UserError


def read_state(path: Path, what: str) -> dict[str, Tensor]:
    """The state dict of an algorithm, in memory only as far as it is looked at.

    Args:
        path: of a checkpoint.
        what: should be in it, for the error: "a glide/unet".

    Raises:
        UserError: the file is no checkpoint of a model that describes itself.
    """
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=False, mmap=True)
        state: dict[str, Tensor] = found["state_dict"]
        state["model._extra_state"]
    except (OSError, EOFError, KeyError, TypeError, RuntimeError, UnpicklingError) as error:
        raise UserError(f"weights: {path} is not the checkpoint of {what}: {error}") from error
    return state


def trained_weights(state: Mapping[str, Tensor], plain: str) -> dict[str, Tensor]:
    """What was trained: the slowest average's weights, if there are averages.

    Args:
        state: of an algorithm.
        plain: where the weights are without averages: "model.", "model.network.".
    """
    decays = state.get("averages.decay")
    averaged = decays is not None and len(decays) > 0
    prefix = f"averages.copies.{int(decays.argmax())}." if averaged and decays is not None else plain
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
