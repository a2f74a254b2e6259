"""`${checkpoint:...}` and `${output:...}`: what a stage made, resolved when the experiment runs."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

_PLAIN_NAME = re.compile(r"(?!(?:null|true|false|nan|inf)$)[A-Za-z_][\w-]*", re.IGNORECASE)


class Deferred:
    """A value of a recipe that is known only when the experiment runs: a checkpoint, a part."""


@dataclass(frozen=True)
class CheckpointRef(Deferred):
    """The checkpoint, or the folder of output, of an earlier stage or of another run.

    Attributes:
        name: the stage's name, or the id or name of an MLflow run.
        stage: whether it is an earlier stage of the same recipe.
        text: whether the parameter takes a string rather than a Path.
        what: which of the two.
    """

    name: str
    stage: bool = False
    text: bool = False
    what: Literal["checkpoint", "output"] = "checkpoint"

    def __str__(self) -> str:
        name = self.name if _PLAIN_NAME.fullmatch(self.name) else f"'{self.name}'"
        return f"${{{self.what}:{name}}}"


def fill(value: Any, found: Callable[[Deferred], Any]) -> Any:
    """Return `value` with everything deferred in it, however deep, replaced by what it stands for."""
    match value:
        case Deferred():
            return found(value)
        case list() | tuple():
            return type(value)(fill(item, found) for item in value)
        case dict():
            return {key: fill(item, found) for key, item in value.items()}
    inner = _deferred_fields(value)
    return dataclasses.replace(value, **fill(inner, found)) if inner else value


def holds_deferred(value: Any) -> bool:
    """Whether there is something deferred anywhere in `value`."""
    match value:
        case Deferred():
            return True
        case list() | tuple():
            return any(map(holds_deferred, value))
        case dict():
            return any(map(holds_deferred, value.values()))
    return bool(_deferred_fields(value))


def construct(cls: type, arguments: dict[str, Any]) -> Any:
    """Make a dataclass whose checkpoints and parts are not known yet.

    Its own checks (`__post_init__`) see `Path("checkpoint:<name>")` in a checkpoint's place (or
    `output:`), and
    in a part's what the recipe says of it; they run again on the real ones.
    """
    made = cls(**fill(arguments, _placeholder))
    deferred = {name: value for name, value in arguments.items() if holds_deferred(value)}
    if deferred:
        made = copy.copy(made)
        for name, value in deferred.items():
            object.__setattr__(made, name, value)  # the parameters of components are frozen
    return made


def _placeholder(value: Deferred) -> Any:
    return Path(f"{value.what}:{value.name}") if isinstance(value, CheckpointRef) else value


def _deferred_fields(value: Any) -> dict[str, Any]:
    if isinstance(value, type) or not dataclasses.is_dataclass(value):
        return {}
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
    return {name: item for name, item in fields.items() if holds_deferred(item)}
