"""Settings -> stages: every key, type, bound and component checked, nothing heavy imported."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from framework.building import with_article
from framework.component import KINDS, Kind, Param, describe_dataclass
from framework.errors import did_you_mean
from framework.recipe.checkpoint import CheckpointRef
from framework.recipe.model import Stage, Use
from framework.recipe.problems import INVALID, Findings, KeyPath
from framework.recipe.schema import Seed, TrackingConfig, TrainerConfig
from framework.recipe.sections import Sections
from framework.recipe.stages import STAGE_KEYS, Settings
from framework.recipe.types import At, convert, convert_parameters, make
from framework.recipe.words import name_of
from framework.registry import Registry

RECIPE_KEYS = ("extends", *STAGE_KEYS, "tracking", "stages")

_Section = TypeVar("_Section", TrainerConfig, TrackingConfig)


def check_recipe(whole: Settings) -> TrackingConfig:
    """Check what belongs to the whole recipe; problems go to the settings' findings."""
    _check_keys(whole, RECIPE_KEYS, "the recipe")
    return _core_section("tracking", TrackingConfig, whole)


def check_stage(
    name: str, settings: Settings, registry: Registry, earlier: Mapping[str, Stage], *, staged: bool
) -> Stage:
    """Check one stage, which may use what earlier ones make; problems go to the settings' findings."""
    data, findings = settings.data, settings.findings
    if staged:
        _check_keys(settings, STAGE_KEYS, f"the stage {name!r}")
    seed = convert(data.get("seed", 0), Seed, Param(), At(("seed",), "the recipe", "", findings, depth=1))
    clean = not findings.problems
    named: list[str] = [kind for kind in KINDS if data.get(kind) is not None]
    sections = Sections(registry, f"the stage {name!r}" if staged else "the recipe", named)

    def used(kind: Kind) -> Use | None:
        section = data.get(kind)
        return None if section is None else sections.read(kind, section, (kind,), findings)

    environment = used("environment")
    evaluators = data.get("evaluators")
    if environment is not None and environment.component.produces:
        named.append("output")
        for kind in ("model", "algorithm"):
            if data.get(kind) is not None:
                what = (
                    f"environment {environment.name} produces data, in a stage without {with_article(kind)}"
                )
                hint = f"write {kind}: null here, and ${{output:{name}}} in a later stage"
                findings.add((kind,), what, hint)
    elif data.get("algorithm") is None and not evaluators and clean:
        findings.add((), "nothing to do: no algorithm and no evaluators", "see: framework list")
    if evaluators is not None and evaluators is not INVALID and not isinstance(evaluators, list):
        findings.add(
            ("evaluators",),
            f"'evaluators' is {name_of(evaluators)}",
            "expected a list: [{use: plugin/name}, ...]",
        )
        evaluators = None
    judges = [
        sections.read("evaluator", section, ("evaluators", index), findings)
        for index, section in enumerate(evaluators or [])
    ]
    _check_made(data, (), earlier, findings)
    return Stage(
        name,
        seed,
        environment=environment,
        model=used("model"),
        algorithm=used("algorithm"),
        evaluators=[use for use in judges if use is not None],
        trainer=_core_section("trainer", TrainerConfig, settings),
        references={path: found for path, found in findings.references.items() if path[0] in STAGE_KEYS},
    )


def _check_made(data: Any, path: KeyPath, earlier: Mapping[str, Stage], findings: Findings) -> None:
    """Report `${checkpoint:...}` of stages that train nothing, and `${output:...}` of those that do."""
    if isinstance(data, CheckpointRef) and data.stage and data.name in earlier:
        made = "output" if earlier[data.name].produces else "checkpoint"
        if data.what != made:
            hint = f"did you mean ${{{made}:{data.name}}}?" if made == "output" else ""
            findings.add(path, f"the stage {data.name!r} makes no {data.what}", hint)
    elif isinstance(data, (dict, list)):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            _check_made(value, (*path, key), earlier, findings)


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
