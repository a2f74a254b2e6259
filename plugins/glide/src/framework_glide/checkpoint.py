"""Models in the checkpoints that the framework writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from torch import Tensor, nn

from framework.errors import UserError
from framework.runs.weights import read_weights
from framework.supervised.average import averaged_weights

M = TypeVar("M", bound=nn.Module)


def rebuild(path: Path, what: str, describe: Callable[[Tensor], M]) -> M:
    """A trained model, in evaluation mode, whose weights need no gradients.

    Args:
        path: of a checkpoint.
        what: should be in it, for the error: "a glide/judge".
        describe: makes the model of its extra state.

    Raises:
        UserError: the file is no checkpoint of such a model.
    """
    state = read_state(path, what)
    try:
        model = describe(state["model._extra_state"])
        model.load_state_dict(averaged_weights(state, "model."))
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise _other(path, what, error) from error
    return model.eval().requires_grad_(requires_grad=False)


def read_state(path: Path, what: str) -> dict[str, Tensor]:
    """The state dict of an algorithm whose model describes itself; read as far as it is looked at.

    Arguments and errors as of `rebuild`.
    """
    try:
        state: dict[str, Tensor] = read_weights(path, mmap=True)
        state["model._extra_state"]
    except (UserError, KeyError) as error:
        raise _other(path, what, error) from error
    return state


def _other(path: Path, what: str, error: Exception) -> UserError:
    return UserError(f"{path} is not the checkpoint of {what}: {error}")
