"""Components and their parameters as plain data, for `framework info` and the docs."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from typing import Any

from framework.component import REQUIRED, Component, Param, Parameter, Part, describe_dataclass, unwrap
from framework.plugins import Plugin
from framework.recipe.extensions import HOMES, find_extension, names_of
from framework.recipe.model import TrackingConfig, TrainerConfig, plain
from framework.recipe.named import brought_by
from framework.recipe.words import bounds, is_mapping, is_sequence, is_union, shown, type_name
from framework.registry import Registry, installed

#: The sections of a recipe that no plugin owns.
SECTIONS: dict[str, type] = {"trainer": TrainerConfig, "tracking": TrackingConfig}


def describe(name: str, registry: Registry | None = None) -> list[dict[str, Any]]:
    """Describe every component called `name` (kinds may share a name), a core section, a plugin, or one
    of Lightning's callbacks and loggers.

    Each has the keys name, kind, plugin, distribution, version, doc, source, target, produces (of
    a component: whether it makes data) and parameters; see `describe_parameters`.

    A plugin has instead of the last five the keys error, warnings, builds_on (plugins), public (the
    names it offers to plugins that build on it), module, components, each with name, kind and doc, and
    recipes, each with name, path and doc.

    Raises:
        UnknownComponentError: there is none.
        PluginError: its parameters cannot be imported.
    """
    if name in SECTIONS:
        return [_section(name)]
    registry = registry or installed()
    plugins = [plugin for plugin in registry.plugins if plugin.name == name]
    if plugins:
        return [_plugin(plugin, registry) for plugin in plugins]
    extensions = [find_extension(kind, name) for kind in HOMES if name in names_of(kind)]
    if extensions:
        return [{**describe_component(each), "kind": each.what, "plugin": ""} for each in extensions]
    versions = {plugin.name: plugin.version for plugin in registry.plugins}
    return [describe_component(c, versions.get(c.plugin, "")) for c in registry.find(name)]


def describe_component(component: Component, version: str = "") -> dict[str, Any]:
    """Describe one component."""
    return {
        "name": component.full_name,
        "kind": component.kind,
        "plugin": component.plugin,
        "distribution": component.distribution,
        "version": version,
        "doc": component.doc,
        "source": component.source,
        "target": component.target,
        "produces": component.produces,
        "parameters": describe_parameters(component.section, component.kind == "evaluator"),
    }


def describe_parameters(signature: Mapping[str, Parameter], free: bool = False) -> list[dict[str, Any]]:
    """Describe parameters, in order; `free` says that all of them may change when a run is gone on with.

    Each has the keys name, type (as text), part (the kind of component it is or holds, or ""),
    required, default (plain; null if there is none), shown (the default as text), doc, unit,
    bounds (as text), ge, gt, le, lt, may_change, and parameters: those of a nested dataclass.
    """
    return [_parameter(parameter, free or parameter.param.may_change) for parameter in signature.values()]


def _parameter(parameter: Parameter, free: bool) -> dict[str, Any]:
    param = parameter.param
    part, _ = part_of(parameter.type)
    return {
        "name": parameter.name,
        "type": type_name(parameter.type),
        "part": part.kind if part else "",
        "required": parameter.required and parameter.name != "seed",
        "default": _plain_default(parameter),
        "shown": _shown_default(parameter),
        "doc": param.doc,
        "unit": param.unit,
        "bounds": bounds(param),
        **{bound: getattr(param, bound) for bound in ("ge", "gt", "le", "lt")},
        "may_change": free,
        "parameters": describe_parameters(nested(parameter), free),
    }


def nested(parameter: Parameter) -> dict[str, Parameter]:
    """Return the parameters of the dataclass in a parameter's type, or nothing.

    Their defaults are those of the parameter's default, where it has one.
    """
    for annotation in (parameter.type, *typing.get_args(parameter.type)):
        cls, _ = unwrap(annotation, parameter.param)
        if isinstance(cls, type) and dataclasses.is_dataclass(cls):
            inner = describe_dataclass(cls)
            if isinstance(parameter.default, cls):
                for name, each in inner.items():
                    inner[name] = dataclasses.replace(each, default=getattr(parameter.default, name))
            return inner
    return {}


def part_of(annotation: Any) -> tuple[Part | None, int]:
    """The part that a type is, allows or holds, and whether in a list or mapping (1) or not (0)."""
    annotation, _ = unwrap(annotation, Param())
    if isinstance(annotation, Part):
        return annotation, 0
    arguments = typing.get_args(annotation)
    container = typing.get_origin(annotation)
    holds = is_sequence(container) or is_mapping(container)
    if not (holds or is_union(annotation)):
        return None, 0
    found = (part_of(inner) for inner in arguments)
    part, depth = next(((part, depth) for part, depth in found if part), (None, 0))
    return part, depth + int(holds)


def _plain_default(parameter: Parameter) -> Any:
    try:
        return None if parameter.required else plain(parameter.default)
    except TypeError:
        return repr(parameter.default)


def _shown_default(parameter: Parameter) -> str:
    if parameter.name == "seed":
        return "${seed}"
    if parameter.default is REQUIRED:
        return "required"
    if dataclasses.is_dataclass(parameter.default):
        return "as below"
    default = _plain_default(parameter)
    return default if isinstance(default, str) and default else shown(default)


def _plugin(plugin: Plugin, registry: Registry) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "kind": "plugin",
        "distribution": plugin.distribution,
        "version": plugin.version,
        "doc": (getattr(plugin.module, "__doc__", "") or "").strip().split("\n")[0],
        "error": plugin.error,
        "warnings": plugin.warnings,
        "builds_on": [other.name for other in plugin.builds_on(registry.plugins) if not other.builtin],
        "module": plugin.module.__name__ if plugin.module else "",
        "public": plugin.public,
        "components": [
            {"name": component.full_name, "kind": component.kind, "doc": component.doc}
            for component in plugin.components
        ],
        "recipes": [
            {"name": recipe.name, "path": str(recipe.path), "doc": recipe.doc}
            for recipe in brought_by(plugin)
        ],
    }


def _section(name: str) -> dict[str, Any]:
    cls = SECTIONS[name]
    return {
        "name": name,
        "kind": "section of the recipe",
        "plugin": "",
        "distribution": "",
        "version": "",
        "doc": (cls.__doc__ or "").split("\n")[0],
        "source": "",
        "target": f"{cls.__module__}:{cls.__qualname__}",
        "parameters": describe_parameters(describe_dataclass(cls)),
    }
