"""Settings -> stages: every key, type, bound and component checked, nothing heavy imported."""

from __future__ import annotations

import typing
from collections.abc import Collection
from typing import Any, TypeVar

from framework.building import with_article
from framework.component import KINDS, Component, Kind, Param, describe_dataclass
from framework.errors import PluginError, UnknownComponentError, did_you_mean
from framework.needs import misfit, needs
from framework.recipe.model import Stage, Use
from framework.recipe.problems import INVALID, Findings, KeyPath
from framework.recipe.schema import Seed, TrackingConfig, TrainerConfig
from framework.recipe.stages import STAGE_KEYS, Settings
from framework.recipe.types import At, convert, convert_parameters, make
from framework.recipe.words import name_of, shown
from framework.registry import Registry

RECIPE_KEYS = ("extends", *STAGE_KEYS, "tracking", "stages")

_Section = TypeVar("_Section", TrainerConfig, TrackingConfig)


def check_recipe(whole: Settings) -> TrackingConfig:
    """Check what belongs to the whole recipe; problems go to the settings' findings."""
    _check_keys(whole, RECIPE_KEYS, "the recipe")
    return _core_section("tracking", TrackingConfig, whole)


def check_stage(name: str, settings: Settings, registry: Registry, *, staged: bool) -> Stage:
    """Check one stage; problems go to the settings' findings."""
    data, findings = settings.data, settings.findings
    if staged:
        _check_keys(settings, STAGE_KEYS, f"the stage {name!r}")
    seed = convert(data.get("seed", 0), Seed, Param(), At(("seed",), "the recipe", "", findings, depth=1))
    evaluators = data.get("evaluators")
    named = [kind for kind in KINDS if data.get(kind) is not None]
    if data.get("algorithm") is None and not evaluators and not findings.problems:
        findings.add((), "nothing to do: no algorithm and no evaluators", "see: framework list")
    if evaluators is not None and evaluators is not INVALID and not isinstance(evaluators, list):
        findings.add(
            ("evaluators",),
            f"'evaluators' is {name_of(evaluators)}",
            "expected a list: [{use: plugin/name}, ...]",
        )
        evaluators = None
    where = f"the stage {name!r}" if staged else "the recipe"

    def used(kind: Kind, section: Any, path: KeyPath) -> Use | None:
        use = _use(kind, section, path, settings, registry)
        if use is not None:
            _check_needs(use.component, named, (*path, "use"), findings, where)
        return use

    judges = [
        used("evaluator", section, ("evaluators", index))
        for index, section in enumerate(evaluators or [])
        if section is not INVALID
    ]
    return Stage(
        name,
        seed,
        environment=used("environment", data.get("environment"), ("environment",)),
        model=used("model", data.get("model"), ("model",)),
        algorithm=used("algorithm", data.get("algorithm"), ("algorithm",)),
        evaluators=[use for use in judges if use is not None],
        trainer=_core_section("trainer", TrainerConfig, settings),
        references={path: found for path, found in findings.references.items() if path[0] in STAGE_KEYS},
    )


def _check_needs(
    component: Component, named: Collection[str], path: KeyPath, findings: Findings, where: str
) -> None:
    """Report what a component needs and its stage does not name, and a builder that does not fit."""
    if wrong := misfit(component):
        findings.add(path, f"{component.title} cannot be built", wrong)
    for need in needs(component):
        if not set(need) & set(named):
            wanted = with_article(need[0])
            what = f"{component.kind} {component.full_name} needs {wanted}, and {where} names none"
            findings.add(path, what, f"add {need[0]}: {{use: plugin/name}} (see: framework list {need[0]})")


def _check_keys(settings: Settings, known: tuple[str, ...], owner: str) -> None:
    for key in settings.data:
        if key in known:
            continue
        hint = did_you_mean(str(key), known) or f"known: {', '.join(known)}"
        if key in RECIPE_KEYS:
            hint = f"it belongs to the whole recipe: write {key!r} at its top"
        settings.findings.add((key,), f"unknown section {str(key)!r} in {owner}", hint, key=True)


def _core_section(name: str, cls: type[_Section], settings: Settings) -> _Section:
    value = settings.data.get(name)
    at = At((name,), name, name, settings.findings)
    if value is None or value is INVALID:
        return cls()
    if not isinstance(value, dict):
        at.refuse(f"{name!r} is {name_of(value)}", "expected a mapping of its parameters")
        return cls()
    section = _construct(cls, value, at)
    return cls() if section is INVALID else typing.cast("_Section", section)


def _construct(cls: type, given: dict[Any, Any], at: At) -> Any:
    arguments = convert_parameters(given, describe_dataclass(cls), at)
    return INVALID if arguments is None else make(cls, arguments, at)


def _use(kind: Kind, value: Any, path: KeyPath, settings: Settings, registry: Registry) -> Use | None:
    if value is None and path == (kind,):
        return None
    if value is INVALID:
        return None
    findings = settings.findings
    expected = f"expected {{use: plugin/name}} (see: framework list {kind})"
    if not isinstance(value, dict):
        quotable = isinstance(value, str) and not findings.reference(path)
        hint = f"write {{use: {value}}}" if quotable else expected
        findings.add(path, f"the {kind} is {name_of(value)}, not a section", hint)
        return None
    name = value.get("use")
    if not isinstance(name, str) or not name:
        what = (
            f"the {kind} names no component"
            if "use" not in value
            else f"'use' of the {kind} cannot be {shown(name)}"
        )
        if name is not INVALID:
            findings.add((*path, "use") if "use" in value else path, what, expected)
        return None
    try:
        component = registry.get(kind, name)
        signature = component.signature
    except (UnknownComponentError, PluginError) as error:
        what, *hints = str(error).split("\n")
        if reference := findings.reference((*path, "use")):
            what, hints = f"{reference} names no {kind}", []
        findings.add((*path, "use"), what, *(hint.strip() for hint in hints))
        return None
    given = {key: item for key, item in value.items() if key != "use"}
    at = At(path, f"{kind} {name}", name, findings)
    arguments = convert_parameters(given, signature, at, filled=("seed",))
    if arguments is None:
        return None
    if component.parameter_class is not None:
        make(component.parameter_class, _with_seed(arguments, component), at)
    return Use(component, arguments)


def _with_seed(arguments: dict[str, Any], component: Component) -> dict[str, Any]:
    needed = "seed" in component.signature and component.signature["seed"].required
    return {"seed": 0, **arguments} if needed else arguments
