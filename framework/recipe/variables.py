"""`${oc.env:NAME}`: which environment variables a recipe may read; names are recorded, not values.

A recipe may come from a stranger, and a variable may hold a password. So a recipe reads `OPEN`
variables and those that `FRAMEWORK_ENV=NAME,NAME` allows, and where a value would be recorded or
printed stands what was written: `${oc.env:NAME}`. A resumed run reads the variable again.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from omegaconf.resolvers import oc

from framework.errors import UserError, secrets
from framework.recipe.compose import REFERENCE, target
from framework.recipe.problems import KeyPath, Reference

ALLOW = "FRAMEWORK_ENV"
#: Read without asking, and no secret: they tell where a recipe runs.
OPEN = (
    *("HOME", "USER", "LOGNAME", "HOSTNAME", "PWD", "TMPDIR", "CUDA_VISIBLE_DEVICES"),
    *("SLURM_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_PROCID", "RANK", "LOCAL_RANK", "WORLD_SIZE"),
)
#: A value shorter than this is found in messages by chance.
SHORTEST_HIDDEN = 4

_REFERENCE = re.compile(r"(?<!\\)" + REFERENCE.pattern)


@dataclass
class Reading:
    """What one interpolation looked at.

    Attributes:
        names: of the variables it read.
        refused: of one it may not read.
    """

    names: list[str] = field(default_factory=list)
    refused: str = ""


_reading: ContextVar[Reading | None] = ContextVar("reading", default=None)


@contextlib.contextmanager
def watched() -> Iterator[Reading]:
    """Allow only what may be read while an interpolation is resolved, and tell what was read."""
    token = _reading.set(reading := Reading())
    try:
        yield reading
    finally:
        _reading.reset(token)


def allowed() -> set[str]:
    """The variables that `FRAMEWORK_ENV` names."""
    return {name.strip() for name in os.environ.get(ALLOW, "").split(",")}


def env(key: Any, *default: Any) -> Any:
    """OmegaConf's own, except that while it is `watched` it reads only what may be read."""
    reading, name = _reading.get(), str(key)
    if reading is not None and name in os.environ:
        if name not in OPEN and name not in allowed():
            reading.refused = name
            raise PermissionError(name)
        reading.names.append(name)
        if name not in OPEN and len(os.environ[name]) >= SHORTEST_HIDDEN:
            secrets[os.environ[name]] = f"${{oc.env:{name}}}"
    return oc.env(key, *default)


def explain(reading: Reading) -> list[str]:
    """Why an interpolation failed, then a hint; nothing if no variable was involved."""
    if reading.refused:
        name = reading.refused
        return [
            f"the recipe may not read the environment variable {name!r}",
            f"if you trust the recipe with it, set {ALLOW}={name} (several: NAME,NAME)",
        ]
    if reading.names:
        named = ", ".join(map(repr, dict.fromkeys(reading.names)))
        return [f"the interpolation fails on what the environment variable {named} holds"]
    return []


def reference(raw: str, path: KeyPath, whole: Any, value: Any, names: list[str]) -> Reference | None:
    """Return what is recorded for a value that came from environment variables.

    Args:
        raw: the interpolation, as written at `path`.
        path: where it is.
        whole: the configuration in plain values, interpolations as written.
        value: what the interpolation gave.
        names: the variables it read.

    Returns:
        None if the value depends on other parts of the recipe in a way that cannot be written out.
    """
    for text in (raw, _written_out(raw, path, whole)):
        with contextlib.suppress(OmegaConfBaseException, RecursionError):
            again = OmegaConf.create({"value": text})["value"]
            if type(again) is type(value) and again == value:
                return Reference(text, any(name not in OPEN for name in names))
    return None


def _written_out(text: str, path: KeyPath, whole: Any) -> str:
    """`text` with the interpolations of other keys replaced by what is written there."""

    def replaced(match: re.Match[str]) -> str:
        named, found = target(tuple(map(str, path)), match[1], match[2]), whole
        for key in named:
            items = enumerate(found) if isinstance(found, list) else (found or {}).items()
            found = {str(name): item for name, item in items}.get(key)
        return _written_out(found, named, whole) if isinstance(found, str) else str(found)

    while (longer := _REFERENCE.sub(replaced, text)) != text:
        text = longer
    return text


def put(data: Any, references: dict[KeyPath, Reference], *, secret_only: bool = False) -> None:
    """Put the references in place of their values in plain data."""
    for path, found in references.items():
        if found.secret or not secret_only:
            with contextlib.suppress(KeyError, IndexError, TypeError):
                inner = data
                for key in path[:-1]:
                    inner = inner[key]
                if inner[path[-1]] is not None:
                    inner[path[-1]] = found.text


def read(text: str) -> str:
    """The value of a recorded text such as `postgresql://me:${oc.env:PASSWORD}@host`.

    Raises:
        UserError: a variable is not set or may not be read.
    """
    if "${" not in text:
        return text
    with watched() as reading:
        try:
            return str(OmegaConf.create({"value": text})["value"])
        except OmegaConfBaseException:
            said = "\n  ".join(explain(reading)) or "the environment variable in it is not set"
            raise UserError(f"{text}: {said}") from None
