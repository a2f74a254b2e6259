"""Sections that name a component: of a stage, and of the parts a component is made of."""

from __future__ import annotations

import typing
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from framework.building import with_article
from framework.component import INSIDE, KINDS, NEEDS, Component, Kind, Param, Parameter, Part, unwrap
from framework.errors import PluginError, UnknownComponentError
from framework.needs import misfit, needs
from framework.recipe.model import Use
from framework.recipe.problems import INVALID, Findings, KeyPath
from framework.recipe.types import At, convert_parameters, make
from framework.recipe.words import is_union, name_of, shown
from framework.registry import Registry


@dataclass(frozen=True)
class Sections:
    """Reads the sections of one stage.

    Attributes:
        registry: the components they may name.
        stage: the stage in words, for messages.
        named: which of environment, model, algorithm and output the stage has.
    """

    registry: Registry
    stage: str = "the recipe"
    named: Collection[str] = NEEDS

    def read(self, kind: Kind, value: Any, path: KeyPath, findings: Findings) -> Use | None:
        """Read a section of the stage itself; problems go to the findings."""
        use = self._read(kind, value, path, findings, f"the {kind}", self.named)
        return None if use is INVALID else use

    def _read(
        self, kind: Kind, value: Any, path: KeyPath, findings: Findings, what: str, near: Collection[str]
    ) -> Any:
        """Args: what: the section in words. near: what the component can be built from."""
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

        if kind == "evaluator":  # whoever calls it brings what it judges
            near = {*self.named, *(["environment"] if value.get("environment") else [])}
        beside = [
            other for other in KINDS if any(_is_part(section.get(key), other) for key in value if value[key])
        ]
        inside = {*(other for other in INSIDE[kind] if other in near), *beside}

        def part(kind: Kind, value: Any, at: At) -> Any:
            return self._read(kind, value, at.path, at.findings, f"{at.name!r} of {at.owner}", inside)

        at = At(path, f"{kind} {name}", name, findings, part=part)
        given = {key: item for key, item in value.items() if key != "use"}
        arguments = convert_parameters(given, section, at, filled=("seed",))
        self._check_needs(component, near, (*path, "use"), findings)
        if arguments is None:
            return INVALID
        own = None if "environment" in component.signature else arguments.pop("environment", None)
        if component.parameter_class is not None:
            make(component.parameter_class, _with_seed(arguments, component), at)
        return Use(component, arguments, own)

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
            hint = f"add {need[0]}: {{use: plugin/name}} (see: framework list {need[0]})"
            if need[0] == "output":
                hint = "it judges what an environment produces (see: framework list environment)"
            what = f"{component.kind} {component.full_name} needs {with_article(need[0])}, and {missing}"
            findings.add(path, what, "" if here else hint)


def _is_part(parameter: Parameter | None, kind: Kind) -> bool:
    """Whether a parameter is a part of this kind (lists and mappings of them are not)."""
    annotation = parameter.type if parameter else None
    members = typing.get_args(annotation) if is_union(annotation) else (annotation,)
    return Part(kind) in (unwrap(member, Param())[0] for member in members)


def _with_seed(arguments: dict[str, Any], component: Component) -> dict[str, Any]:
    needed = "seed" in component.signature and component.signature["seed"].required
    return {"seed": 0, **arguments} if needed else arguments
