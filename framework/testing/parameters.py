"""Does a recipe run whatever its parameters' bounds allow?"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import math
import tempfile
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from framework.component import KINDS, REQUIRED, Kind, Param, describe_dataclass, unwrap
from framework.errors import UserError
from framework.recipe.words import is_sequence, is_union
from framework.registry import installed
from framework.testing.sections import build, seed_everything, title, use

_PRIMES = (3, 7, 11, 13, 17, 37, 67, 131, 257)

#: As a recipe has them: `{"environment": {"use": ...}, "algorithm": {...}, "evaluators": [{...}]}`.
Sections = Mapping[str, Any]


def awkward_recipes(recipe: Sections) -> Iterator[tuple[str, dict[str, Any]]]:
    """Recipes in which one number is the least that its bounds allow, the most, or divides nothing.

    Args:
        recipe: small settings that run in a blink: `environment`, `model`, `algorithm`,
            `evaluators`.

    Yields:
        What is changed, such as `"algorithm.batch_size=7"`, and the changed recipe.
    """
    for kind in KINDS:
        several = kind == "evaluator"
        sections = recipe.get("evaluators", []) if several else [recipe[kind]] if kind in recipe else []
        for index, section in enumerate(sections):
            for name, value in _awkward_values(kind, section):
                changed = copy.deepcopy(dict(recipe))
                given = {"use": section} if isinstance(section, str) else dict(section)
                if several:
                    changed["evaluators"][index] = _with(kind, given, name, value)
                else:
                    changed[kind] = _with(kind, given, name, value)
                yield f"{title(section)}.{name}={value}", changed


def check_small_run(recipe: Sections, *, steps: int = 2, seed: int = 0) -> str:
    """Train for a few steps and evaluate; what cannot be done is the user's error, and says so.

    Args:
        recipe: as for `awkward_recipes`.
        steps: training steps.
        seed: of everything random.

    Returns:
        What it says where it refuses, by a `UserError`; else nothing.

    Raises:
        AssertionError: it refuses without a word.
        Exception: it fails in another way.
    """
    from framework.callbacks import evaluating
    from framework.contracts import Monitor
    from framework.testing.algorithm import train

    try:
        seed_everything(seed)
        if "algorithm" in recipe:
            with tempfile.TemporaryDirectory() as folder:
                algorithm, environment, model = (
                    recipe["algorithm"],
                    recipe["environment"],
                    recipe.get("model"),
                )
                trained: Any = train(algorithm, environment, model, Path(folder), steps, seed, every=None)
        else:
            environment = build("environment", recipe["environment"], seed=seed)
            trained = build("model", recipe["model"], environment, seed=seed)
        for section in recipe.get("evaluators", []):
            judge = build("evaluator", section, seed=seed)
            environment = build("environment", recipe["environment"], seed=seed)
            with evaluating(trained):
                if isinstance(judge, Monitor) and judge.every:
                    judge.monitor(trained, environment)
                judge(trained, environment)
    except (UserError, AssertionError) as error:
        if not isinstance(error, UserError) and not isinstance(error.__cause__, UserError):
            raise
        refusal = str(error)
    else:
        return ""
    assert refusal, "a UserError without a message"
    return refusal


def _with(kind: Kind, section: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """The section with the value; a part of a nested one goes beside the other parts, if it may."""
    if isinstance(value, dict):
        beside = {**section, name: {**(section.get(name) or {}), **value}}
        with contextlib.suppress(UserError):
            use(kind, beside)
            return beside
    return {**section, name: value}


def _awkward_values(kind: Kind, section: Any) -> Iterator[tuple[str, Any]]:
    given = section if isinstance(section, dict) else {}
    for parameter in installed().get(kind, title(section)).signature.values():
        if not given.get(parameter.name) and _needs_more(parameter.type):
            continue  # which is null where the recipe leaves it out
        values = list(_values(parameter.type, parameter.param))
        for value in values[:1] if parameter.name == "seed" else values:
            yield parameter.name, value


def _needs_more(annotation: Any) -> bool:
    """Whether it is a group of parameters, or null, of which several have to be given."""
    members = [unwrap(member, Param())[0] for member in typing.get_args(unwrap(annotation, Param())[0])]
    groups = [member for member in members if isinstance(member, type) and dataclasses.is_dataclass(member)]
    return type(None) in members and any(
        part.default is REQUIRED for group in groups for part in describe_dataclass(group).values()
    )


def _values(annotation: Any, param: Param) -> Iterator[Any]:
    annotation, param = unwrap(annotation, param)
    if is_union(annotation):
        for member in typing.get_args(annotation):
            yield from _values(member, param)
    elif is_sequence(typing.get_origin(annotation) or annotation):
        items = typing.get_args(annotation)
        length = len(items) if items and items[-1] is not Ellipsis else 1
        for value in _values(items[0], param) if items else ():
            yield [value] * length
    elif dataclasses.is_dataclass(annotation) and isinstance(annotation, type):
        for inner in describe_dataclass(annotation).values():
            yield from ({inner.name: value} for value in _values(inner.type, inner.param))
    elif annotation in (int, float):
        yield from _numbers(annotation, param)


def _numbers(kind: type, param: Param) -> list[Any]:
    """The least and the most; of counts, which may be sizes of something, the least and two primes."""
    near = 1 if kind is int else 1e-6
    least = param.ge if param.gt is None else param.gt + near
    most = param.le if param.lt is None else param.lt - near
    if kind is float:
        return [value for value in (least, most) if value is not None]
    if least is None:
        return []
    primes = [prime for prime in _PRIMES if least < prime <= (math.inf if most is None else most)]
    return [int(value) for value in (least, *primes[:2])]
