"""Load a recipe: read, merge, resolve, and check every key, type, bound and component of it.

Nothing heavy is imported: of what the components build, only the parameters are read.
"""

from __future__ import annotations

import os
import typing
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from framework.building import with_article
from framework.component import (
    INSIDE,
    KINDS,
    NEEDS,
    REQUIRED,
    Component,
    Kind,
    Param,
    Parameter,
    Part,
    describe_dataclass,
    unwrap,
)
from framework.errors import PluginError, UnknownComponentError, did_you_mean
from framework.needs import derives, misfit, needs
from framework.recipe.checkpoint import CheckpointRef
from framework.recipe.compose import compose, read_file
from framework.recipe.convert import At, convert, convert_parameters, make
from framework.recipe.extensions import find_extension
from framework.recipe.model import Recipe, Seed, Stage, TrackingConfig, TrainerConfig, Use
from framework.recipe.named import find_recipe
from framework.recipe.problems import INVALID, Findings, KeyPath, RecipeError
from framework.recipe.resolve import MAIN, STAGE_KEYS, Settings, split
from framework.recipe.words import is_union, name_of, shown
from framework.registry import Registry, installed

RECIPE_KEYS = ("extends", *STAGE_KEYS, "tracking", "stages", "sweep")

_Section = TypeVar("_Section", TrainerConfig, TrackingConfig)


def load(
    path: str | os.PathLike[str], overrides: Sequence[str] = (), registry: Registry | None = None
) -> Recipe:
    """Read and check a recipe.

    Args:
        path: the file, or the recipe's name; see `framework.recipe.named`.
        overrides: `"algorithm.k=0"`, applied in order over the file and what it extends.
        registry: the components it may name; by default those installed.

    Raises:
        RecipeError: it cannot be read, or is wrong; the message lists every problem with
            its file, line and column.
    """
    path = find_recipe(os.fspath(path))
    return _load(read_file(path), str(path), path, path.stem, overrides, registry)


def load_text(
    text: str, name: str = "recipe", overrides: Sequence[str] = (), registry: Registry | None = None
) -> Recipe:
    """Check a recipe given as text, such as the resolved recipe of a run.

    `extends` in it is relative to the working directory. Otherwise like `load`.
    """
    return _load(text, name, None, name, overrides, registry)


def sweep_of(path: Path) -> dict[str, list[Any]]:
    """The values that a recipe, or what it extends, lists under `sweep:`, by the keys they are for.

    Raises:
        RecipeError: it cannot be read, or is no mapping of keys to lists.
    """
    composed = compose(read_file(path), str(path), path, ())
    findings = Findings(composed.marks)
    found = _check_sweep(composed.data, findings)
    if findings.problems:
        raise RecipeError(findings.problems)
    return found


def _check_sweep(data: Mapping[str | int, Any], findings: Findings) -> dict[str, list[Any]]:
    at = At(("sweep",), "the recipe", "", findings, depth=1)
    found: dict[str, list[Any]] = convert(data.get("sweep", {}), dict[str, list[Any]], Param(), at)
    return found


def _load(
    text: str, source: str, path: Path | None, name: str, overrides: Sequence[str], registry: Registry | None
) -> Recipe:
    composed = compose(text, source, path, overrides)
    findings = Findings(composed.marks)
    whole, stages = split(composed, findings)
    tracking = _check_recipe(whole)
    registry = registry or installed()
    settings = {MAIN: whole} if stages is None else stages
    checked: dict[str, Stage] = {}
    for stage, part in settings.items():
        checked[stage] = _check_stage(stage, part, registry, checked, staged=stages is not None)
    if findings.problems:
        raise RecipeError(findings.problems)
    return Recipe(
        name=name,
        path=path,
        written=text,
        files=composed.files,
        overrides=tuple(overrides),
        stages=checked,
        tracking=tracking,
        staged=stages is not None,
        references={path: f for path, f in whole.findings.references.items() if path[0] == "tracking"},
    )


def _check_recipe(whole: Settings) -> TrackingConfig:
    """Check what belongs to the whole recipe; problems go to the settings' findings."""
    _check_keys(whole, RECIPE_KEYS, "the recipe")
    _check_sweep(whole.data, whole.findings)
    return _core_section("tracking", TrackingConfig, whole)


def _check_stage(
    name: str, settings: Settings, registry: Registry, earlier: Mapping[str, Stage], *, staged: bool
) -> Stage:
    """Check one stage, which may use what earlier ones make; problems go to the settings' findings."""
    data, findings = settings.data, settings.findings
    if staged:
        _check_keys(settings, STAGE_KEYS, f"the stage {name!r}")
    seed = convert(data.get("seed", 0), Seed, Param(), At(("seed",), "the recipe", "", findings, depth=1))
    clean = not findings.problems
    named: list[str] = [kind for kind in KINDS if data.get(kind) is not None]
    stage = f"the stage {name!r}" if staged else "the recipe"
    sections = Sections(registry, stage, named, data.get("environment"))

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
    at = At((name,), name, name, settings.findings, part=_extension)
    if value is None or value is INVALID:
        return cls()
    if not isinstance(value, dict):
        at.refuse(f"{name!r} is {name_of(value)}", "expected a mapping of its parameters")
        return cls()
    arguments = convert_parameters(value, describe_dataclass(cls), at)
    section = INVALID if arguments is None else make(cls, arguments, at)
    return cls() if section is INVALID else typing.cast("_Section", section)


def _extension(wanted: Part, value: Any, at: At) -> Any:
    """Read the section of a callback or logger; problems go to the findings."""
    kind = wanted.kind
    name = value.get("use") if isinstance(value, dict) else None
    if not isinstance(name, str):
        example = value if isinstance(value, str) else "Name"
        return at.refuse(f"{at.name!r} of {at.owner} names no {kind}", f"write {{use: {example}, ...}}")
    use = (*at.path, "use")
    try:
        component = find_extension(kind, name)
    except UnknownComponentError as error:
        said, *hints = str(error).split("\n")
        at.findings.add(use, said, *(hint.strip() for hint in hints))
        return INVALID
    if component.missing:
        what = f"{component.title} needs the package {component.missing}, which is not installed"
        at.findings.add(use, what, f"pip install {component.missing}")
    given = {key: item for key, item in value.items() if key != "use"}
    more = {key: Parameter(key, Any, REQUIRED, Param()) for key in given if component.takes_more}
    inside = At(at.path, component.title, name, at.findings)
    arguments = convert_parameters(given, {**more, **component.signature}, inside)
    return INVALID if arguments is None else Use(component, arguments)


@dataclass(frozen=True)
class Sections:
    """Reads the sections of one stage.

    Attributes:
        registry: the components they may name.
        stage: the stage in words, for messages.
        named: which of environment, model, algorithm and output the stage has.
        environment: the stage's section of it.
    """

    registry: Registry
    stage: str = "the recipe"
    named: Collection[str] = NEEDS
    environment: Any = None

    def read(self, kind: Kind, value: Any, path: KeyPath, findings: Findings) -> Use | None:
        """Read a section of the stage itself; problems go to the findings."""
        use = self._read(kind, value, path, findings, f"the {kind}", self.named)
        return None if use is INVALID else use

    def _read(
        self,
        kind: Kind,
        value: Any,
        path: KeyPath,
        findings: Findings,
        what: str,
        near: Collection[str],
        base: str = "",
    ) -> Any:
        """Args: what: the section in words. near: what the component can be built from. base: see `Part`."""
        if value is INVALID:
            return INVALID
        expected = f"expected {{use: plugin/name}} (see: framework list {kind})"
        if not isinstance(value, dict):
            quotable = isinstance(value, str) and not findings.reference(path)
            hint = f"write {{use: {value}}}" if quotable else expected
            findings.add(path, f"{what} is {name_of(value)}, not a section", hint)
            return INVALID
        name = value.get("use")
        if not isinstance(name, str) or not name:
            if "use" not in value:
                findings.add(path, f"{what} names no component", expected)
            elif name is not INVALID:
                findings.add((*path, "use"), f"'use' of {what} cannot be {shown(name)}", expected)
            return INVALID
        try:
            component = self.registry.get(kind, name)
            section = component.section
        except (UnknownComponentError, PluginError) as error:
            said, *hints = str(error).split("\n")
            if reference := findings.reference((*path, "use")):
                said, hints = f"{reference} names no {kind}", []
            findings.add((*path, "use"), said, *(hint.strip() for hint in hints))
            return INVALID
        if base and derives(component, base) is False:
            says = f"{what} has to be {with_article(kind)} that is a {base.partition(':')[2]}"
            findings.add((*path, "use"), f"{says}, which {name} is not", f"see: framework list {kind}")
            return INVALID
        if kind == "evaluator":  # whoever calls it brings what it judges
            near = {*self.named, *(["environment"] if value.get("environment") else [])}
        beside = [
            other for other in KINDS if any(_is_part(section.get(key), other) for key in value if value[key])
        ]
        inside = {*(other for other in INSIDE[kind] if other in near), *beside}

        def part(wanted: Part, value: Any, at: At) -> Any:
            what = f"{at.name!r} of {at.owner}"
            return self._read(wanted.kind, value, at.path, at.findings, what, inside, wanted.base)

        at = At(path, f"{kind} {name}", name, findings, part=part, environment=self._where(component, value))
        given = {key: item for key, item in value.items() if key != "use"}
        arguments = convert_parameters(given, section, at, filled=("seed",))
        self._check_needs(component, near, (*path, "use"), findings)
        if arguments is None:
            return INVALID
        own = None if "environment" in component.signature else arguments.pop("environment", None)
        if component.parameter_class is not None:
            make(component.parameter_class, _with_seed(arguments, component), at)
        return Use(component, arguments, own)

    def _where(self, component: Component, section: Mapping[str, Any]) -> Component | None:
        """The environment that a section is about."""
        if component.kind == "environment":
            return component
        own = section.get("environment") if component.kind == "evaluator" else None
        try:
            return self.registry.get("environment", (own or self.environment)["use"])
        except (UnknownComponentError, PluginError, LookupError, TypeError):
            return None  # reported where that section is read

    def _check_needs(
        self, component: Component, near: Collection[str], path: KeyPath, findings: Findings
    ) -> None:
        """Report a builder that does not fit, and what a component needs and cannot get."""
        if wrong := misfit(component):
            findings.add(path, f"{component.title} cannot be built", wrong)
        for need in needs(component):
            if set(need) & set(near):
                continue
            here = set(need) & set(self.named)
            missing = "gets none in this place" if here else f"{self.stage} names none"
            wanted = " or ".join(with_article(name) for name in need if name != "output" or len(need) == 1)
            hint = f"add {need[0]}: {{use: plugin/name}} (see: framework list {need[0]})"
            if need[0] == "output":
                hint = "it judges what an environment produces (see: framework list environment)"
            what = f"{component.kind} {component.full_name} needs {wanted}, and {missing}"
            findings.add(path, what, "" if here else hint)


def _is_part(parameter: Parameter | None, kind: Kind) -> bool:
    """Whether a parameter is a part of this kind (lists and mappings of them are not)."""
    annotation = parameter.type if parameter else None
    members = typing.get_args(annotation) if is_union(annotation) else (annotation,)
    found = (unwrap(member, Param())[0] for member in members)
    return any(isinstance(part, Part) and part.kind == kind for part in found)


def _with_seed(arguments: dict[str, Any], component: Component) -> dict[str, Any]:
    needed = "seed" in component.signature and component.signature["seed"].required
    return {"seed": 0, **arguments} if needed else arguments
