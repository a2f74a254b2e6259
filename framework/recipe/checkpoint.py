"""`${checkpoint:...}`: a checkpoint named in a recipe, resolved when the experiment runs."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PLAIN_NAME = re.compile(r"(?!(?:null|true|false|nan|inf)$)[A-Za-z_][\w-]*", re.IGNORECASE)


@dataclass(frozen=True)
class CheckpointRef:
    """A checkpoint of an earlier stage or of another run.

    Attributes:
        name: the stage's name, or the id or name of an MLflow run.
        stage: whether it is an earlier stage of the same recipe.
        text: whether the parameter takes a string rather than a Path.
    """

    name: str
    stage: bool = False
    text: bool = False

    def __str__(self) -> str:
        name = self.name if _PLAIN_NAME.fullmatch(self.name) else f"'{self.name}'"
        return f"${{checkpoint:{name}}}"


def fill(value: Any, resolve: Callable[[CheckpointRef], Path]) -> Any:
    """Return `value` with every checkpoint in it, however deep, replaced by its file."""
    match value:
        case CheckpointRef():
            path = resolve(value)
            return str(path) if value.text else path
        case list() | tuple():
            return type(value)(fill(item, resolve) for item in value)
        case dict():
            return {key: fill(item, resolve) for key, item in value.items()}
    inner = _reference_fields(value)
    return dataclasses.replace(value, **fill(inner, resolve)) if inner else value


def holds_reference(value: Any) -> bool:
    """Whether there is a checkpoint anywhere in `value`."""
    match value:
        case CheckpointRef():
            return True
        case list() | tuple():
            return any(map(holds_reference, value))
        case dict():
            return any(map(holds_reference, value.values()))
    return bool(_reference_fields(value))


def construct(cls: type, arguments: dict[str, Any]) -> Any:
    """Make a dataclass whose checkpoints are not known yet.

    Its own checks (`__post_init__`) see `Path("checkpoint:<name>")` in their place; the real
    files are checked when `fill` puts them in.
    """
    made = cls(**fill(arguments, lambda reference: Path(f"checkpoint:{reference.name}")))
    references = {name: value for name, value in arguments.items() if holds_reference(value)}
    if references:
        made = copy.copy(made)
        for name, value in references.items():
            object.__setattr__(made, name, value)  # the parameters of components are frozen
    return made


def _reference_fields(value: Any) -> dict[str, Any]:
    if isinstance(value, type) or not dataclasses.is_dataclass(value):
        return {}
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
    return {name: item for name, item in fields.items() if holds_reference(item)}
