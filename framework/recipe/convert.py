"""Recipe values -> the types of parameters; every mismatch is reported at its place."""

from __future__ import annotations

import dataclasses
import enum
import math
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from framework.building import with_article
from framework.component import Component, Param, Parameter, Part, describe_dataclass, unwrap
from framework.errors import PluginError, did_you_mean
from framework.recipe.checkpoint import CheckpointRef, construct
from framework.recipe.problems import INVALID, Findings, KeyPath
from framework.recipe.words import (
    expected,
    is_mapping,
    is_sequence,
    is_union,
    name_of,
    shown,
    takes_text,
    word_of,
)
from framework.recipe.yaml import LARGEST

# Quoted, or from an environment variable: the message should not read "cannot be 4".
_NOT_A_WORD = re.compile(r"[-+.\d][-+.\w]*|true|false", re.IGNORECASE)


@dataclass(frozen=True)
class At:
    """Which parameter is being read, for its messages.

    Attributes:
        path: where it is in the recipe.
        owner: whose it is: "algorithm her/hindsight", "trainer".
        see: what `framework info` takes to show it; empty if nothing.
        findings: collects the problems.
        depth: how many keys at the end of `path` name the parameter within its owner.
        part: reads the section of a part; without it there are none.
        environment: the one whose parameters may be set, as far as that is known.
    """

    path: KeyPath
    owner: str
    see: str
    findings: Findings
    depth: int = 0
    part: Callable[[Part, Any, At], Any] = lambda wanted, value, at: INVALID
    environment: Component | None = None

    @property
    def name(self) -> str:
        return ".".join(str(key) for key in self.path[len(self.path) - self.depth :])

    @property
    def title(self) -> str:
        return f"parameter {self.name!r} of {self.owner}" if self.depth else self.owner

    @property
    def reference(self) -> str:
        """What stands for a value that no message may show."""
        return self.findings.reference(self.path)

    def inner(self, key: str | int) -> At:
        return dataclasses.replace(self, path=(*self.path, key), depth=self.depth + 1)

    def refuse(self, what: str, hint: str = "", *, key: bool = False) -> Any:
        see = f"see: framework info {self.see}" if self.see else ""
        if hint and see:
            hint, see = f"{hint} ({see})", ""
        self.findings.add(self.path, what, hint or see, key=key)
        return INVALID

    def mismatch(self, value: Any, annotation: Any, param: Param, hint: str = "") -> Any:
        marks = self.findings.marks
        wanted = hint or f"expected {expected(annotation, param)}"
        if isinstance(value, str) and not hint and annotation in (int, float, bool):
            quoted = _NOT_A_WORD.fullmatch(value) and marks.typed(self.path) is None
            wanted += ", not a string" if quoted else ""
        elif isinstance(value, (list, dict)) and marks.place(self.path).line == 0 and takes_text(annotation):
            wanted += ": put a text that begins with a bracket or brace in quotes"
        return self.refuse(f"{self.title} cannot be {self.reference or shown(value)}", wanted)


def convert_parameters(
    given: Mapping[Any, Any], signature: Mapping[str, Parameter], at: At, filled: tuple[str, ...] = ()
) -> dict[str, Any] | None:
    """Convert a section's values; report what is unknown, missing or of another type.

    Args:
        given: the values as the recipe has them.
        signature: the parameters by name.
        at: the section.
        filled: required parameters that somebody else gives.

    Returns:
        The values converted, in the order of the recipe, or None if any is wrong.
    """
    converted = {}
    before = len(at.findings.problems)
    for name, value in given.items():
        here = at.inner(name)
        parameter = signature.get(name)
        if parameter is None:
            nearest = did_you_mean(str(name), signature)
            known = f"known: {', '.join(signature)}" if signature else "it takes no parameters"
            here.refuse(f"unknown parameter {here.name!r} for {at.owner}", nearest or known, key=True)
            continue
        result = convert(value, parameter.type, parameter.param, here)
        if result is not INVALID:
            converted[name] = result
    for name, parameter in signature.items():
        if parameter.required and name not in given and name not in filled:
            # At the section: the key may be written in a layer that this section replaced.
            wanted = f"expected {expected(parameter.type, parameter.param)}"
            at.refuse(f"missing parameter {at.inner(name).name!r} of {at.owner}", wanted)
    complete = len(at.findings.problems) == before and len(converted) == len(given)
    return converted if complete else None


def convert(value: Any, annotation: Any, param: Param, at: At) -> Any:
    """Return `value` as `annotation` has it, or report why not and return `INVALID`."""
    if value is INVALID:
        return INVALID
    annotation, param = unwrap(annotation, param)
    if annotation in (Any, object):
        return value
    if is_union(annotation):
        return _union(value, annotation, param, at)
    if isinstance(annotation, Part):
        return at.part(annotation, value, at)
    if isinstance(value, CheckpointRef):
        return _reference(value, annotation, param, at)
    if dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        return _dataclass(value, annotation, param, at)
    container = typing.get_origin(annotation) or annotation
    if is_sequence(container):
        return _sequence(value, annotation, param, at)
    if is_mapping(container):
        return _mapping(value, annotation, param, at)
    if container is typing.Literal:
        choices = typing.get_args(annotation)
        return _choice(value, {choice: choice for choice in choices}, annotation, param, at)
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        plain = (member for member in annotation if isinstance(member.value, (str, int, float)))
        members = {**annotation.__members__, **{member.value: member for member in plain}}
        return _choice(value, members, annotation, param, at, list(map(word_of, annotation)))
    return _scalar(value, annotation, param, at)


def _scalar(value: Any, annotation: Any, param: Param, at: At) -> Any:
    typed = at.findings.marks.typed(at.path)
    if annotation in (str, Path) and typed is not None:
        value = typed
    is_bool = isinstance(value, bool)
    if annotation is float and isinstance(value, (int, float)) and not is_bool:
        return _bounded(float(value), annotation, param, at, value)
    if annotation is int and isinstance(value, int) and not is_bool:
        return _bounded(value, annotation, param, at, value)
    if annotation is int and isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST:
        return _bounded(int(value), annotation, param, at, value)  # 3e5 env steps
    if annotation in (bool, str) and type(value) is annotation:
        return value
    if annotation is Path and isinstance(value, str) and value:
        return Path(value)
    if annotation in (None, type(None)) and value is None:
        return None
    if annotation not in (float, int, bool, str, Path, None) and _is_instance(value, annotation):
        return value
    hint = ""
    if annotation is str and isinstance(value, (int, float)) and not at.reference:
        hint = f"expected a string: put it in quotes, '{shown(value)}'"
    return at.mismatch(value, annotation, param, hint)


def _is_instance(value: Any, annotation: Any) -> bool:
    try:
        return isinstance(value, annotation)
    except TypeError:  # a type that only a type checker understands
        return True


def _bounded(number: float, annotation: Any, param: Param, at: At, written: Any) -> Any:
    limits = (param.ge, param.gt, param.le, param.lt)
    if math.isnan(number) and any(limit is not None for limit in limits):
        return at.mismatch(written, annotation, param)
    inside = (
        (param.ge is None or number >= param.ge)
        and (param.gt is None or number > param.gt)
        and (param.le is None or number <= param.le)
        and (param.lt is None or number < param.lt)
    )
    return number if inside else at.mismatch(written, annotation, param)


def _choice(
    value: Any,
    choices: Mapping[Any, Any],
    annotation: Any,
    param: Param,
    at: At,
    words: list[str] | None = None,
) -> Any:
    """Args: words: what a misspelt one may have been meant to be; by default the choices."""
    typed = at.findings.marks.typed(at.path)
    for given in (value,) if typed is None else (value, typed):
        for choice, meaning in choices.items():
            if type(choice) is type(given) and choice == given:
                return meaning
    words = words or [choice for choice in choices if isinstance(choice, str)]
    nearest = did_you_mean(value, words) if isinstance(value, str) and not at.reference else ""
    return at.mismatch(value, annotation, param, nearest)


def _union(value: Any, annotation: Any, param: Param, at: At) -> Any:
    members = typing.get_args(annotation)
    shaped = [member for member in members if _has_shape(value, member)]
    if len(shaped) == 1:  # its own messages say more than "expected a list or null"
        return convert(value, shaped[0], param, at)
    for exact in (True, False):  # 3 is an int before it is a float, whatever the order
        for member in members:
            scratch = dataclasses.replace(at.findings, problems=[])
            result = convert(value, member, param, dataclasses.replace(at, findings=scratch))
            kept = not exact or isinstance(result, CheckpointRef) or type(result) is type(value)
            if result is not INVALID and kept:
                return result
    return at.mismatch(value, annotation, param)


def _has_shape(value: Any, annotation: Any) -> bool:
    annotation, _ = unwrap(annotation, Param())
    container = typing.get_origin(annotation) or annotation
    if isinstance(value, list):
        return is_sequence(container)
    return isinstance(value, dict) and (
        is_mapping(container) or dataclasses.is_dataclass(annotation) or isinstance(annotation, Part)
    )


def _reference(value: CheckpointRef, annotation: Any, param: Param, at: At) -> Any:
    if annotation in (str, Path):
        return dataclasses.replace(value, text=annotation is str)
    return at.mismatch(
        value, annotation, param, f"expected {expected(annotation, param)}, not {with_article(value.what)}"
    )


def _dataclass(value: Any, cls: type, param: Param, at: At) -> Any:
    if not isinstance(value, dict):
        return at.mismatch(value, cls, param)
    try:
        signature = describe_dataclass(cls)
    except PluginError as error:
        return at.refuse(str(error))
    arguments = convert_parameters(value, signature, at)
    return INVALID if arguments is None else make(cls, arguments, at)


def make(cls: type, arguments: dict[str, Any], at: At) -> Any:
    """Make the dataclass, whose `__post_init__` may refuse values that do not go together."""
    try:
        return construct(cls, arguments)
    except Exception as error:
        if at.reference:  # the message may quote it
            return at.refuse(f"{at.title} refuses its values, and there is {at.reference}")
        if isinstance(error, ValueError):
            return at.refuse(f"{at.title}: {error}")
        # Not the recipe's mistake, but it has no other place to be shown.
        return at.refuse(f"{at.title} fails on these values: {type(error).__name__}: {error}")


def _sequence(value: Any, annotation: Any, param: Param, at: At) -> Any:
    items = typing.get_args(annotation)
    is_tuple = (typing.get_origin(annotation) or annotation) is tuple
    if not isinstance(value, list):
        return at.mismatch(value, annotation, param)
    if is_tuple and items and items[-1] is not Ellipsis:
        if len(value) != len(items):
            return at.mismatch(value, annotation, param)
        types = list(items)
    else:
        types = [items[0] if items else Any] * len(value)
    converted = [
        convert(item, kind, param, at.inner(index))
        for index, (item, kind) in enumerate(zip(value, types, strict=True))
    ]
    if any(item is INVALID for item in converted):
        return INVALID
    return tuple(converted) if is_tuple else converted


def _mapping(value: Any, annotation: Any, param: Param, at: At) -> Any:
    if not isinstance(value, dict):
        return at.mismatch(value, annotation, param)
    key_type, value_type = typing.get_args(annotation) or (Any, Any)
    converted = {}
    for key, item in value.items():
        here = at.inner(key)
        if key_type in (str, int) and type(key) is not key_type:
            here.refuse(
                f"the key {key!r} of {at.name!r} is {name_of(key)}",
                f"expected {expected(key_type, Param())}",
                key=True,
            )
            converted[key] = INVALID
        elif (
            param.settable and at.environment and key not in (known := at.environment.settable_names or [key])
        ):
            hint = did_you_mean(key, known) or f"known: {', '.join(known)}"
            here.refuse(f"{at.environment.title} has no parameter {key!r}", hint, key=True)
            converted[key] = INVALID
        else:
            converted[key] = convert(item, value_type, param, here)
    return INVALID if any(item is INVALID for item in converted.values()) else converted
