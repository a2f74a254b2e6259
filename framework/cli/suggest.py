"""What the shell offers when TAB is pressed: components, override keys and their values."""

from __future__ import annotations

import enum
import os
import typing
from collections.abc import Mapping
from typing import Any

import click
from click.shell_completion import CompletionItem
from click.shell_completion import split_arg_string as split_words

from framework.cli.main import COMPLETE
from framework.component import Kind, Param, Parameter, describe_dataclass, unwrap
from framework.recipe.compose import compose, merge, read_file
from framework.recipe.extensions import HOMES, find_extension, names_of
from framework.recipe.named import find_recipe, recipes
from framework.recipe.resolve import STAGE_KEYS
from framework.recipe.words import is_union, word_of
from framework.reference import SECTIONS, nested, part_of
from framework.registry import installed
from framework.runs import find_run

SEED = Parameter("seed", int, 0, Param())


def components(incomplete: str) -> list[CompletionItem]:
    """Names for `framework info`."""
    found = [CompletionItem(c.full_name, help=c.doc) for c in installed().components()]
    found += [CompletionItem(plugin.name, help="plugin") for plugin in installed().plugins]
    found += [CompletionItem(name, help="section of the recipe") for name in SECTIONS]
    return [item for item in found if item.value.startswith(incomplete)]


def recipe_names(incomplete: str) -> list[CompletionItem]:
    """Names of recipes, and what makes the shell add files."""
    found = [CompletionItem(named.name, help=named.doc) for named in recipes()]
    return [item for item in found if item.value.startswith(incomplete)] + [
        CompletionItem(incomplete, type="file")
    ]


def overrides(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Keys of the recipe before the command's overrides, and values after `key=`."""
    key, equals, value = incomplete.partition("=")
    prefix = f"{key}="
    split = _split_by_bash()
    if split:
        (key, value), equals, prefix = split, "=", ""
    given, run = ctx.params.get("recipe"), ctx.params.get("run")
    path = find_recipe(str(given)) if given else find_run(run).folder / "resolved.yaml" if run else None
    data = compose(read_file(path), str(path), path, ()).data if path else {}
    *above, last = key.split(".")
    found = _keys(data, above)
    if equals:
        parameter = found.get(last)
        choices = _values(parameter.type) if parameter else []
        return [CompletionItem(prefix + choice) for choice in choices if choice.startswith(value)]
    start = "".join(f"{part}." for part in above)
    return [
        CompletionItem(f"{start}{name}" + ("." if parameter is None else "="))
        for name, parameter in found.items()
        if name.startswith(last)
    ]


def _keys(data: Any, above: list[str]) -> Mapping[str, Parameter | None]:
    """The keys under `above`: with their parameter, or None where there are more below."""
    section = data if isinstance(data, dict) else {}
    match above:
        case []:
            more = ["stages"] if "stages" in section else []
            return {"seed": SEED, **dict.fromkeys([*STAGE_KEYS[1:], "tracking", *more])}
        case ["trainer" | "tracking" as name, *rest]:
            return _below(describe_dataclass(SECTIONS[name]), rest, section.get(name))
        case ["environment" | "model" | "algorithm" as kind, *rest]:
            return _parameters(kind, section.get(kind), rest)
        case ["evaluators"]:
            return {str(index): None for index in range(len(section.get("evaluators") or ()))}
        case ["evaluators", index, *rest]:
            listed = dict(enumerate(section.get("evaluators") or ()))
            return _parameters("evaluator", listed.get(int(index) if index.isdecimal() else -1), rest)
        case ["stages"]:
            return dict.fromkeys(section.get("stages") or {})
        case ["stages", name, *rest]:
            return _keys(merge(section, (section.get("stages") or {}).get(name)), rest)
    return {}


def _parameters(kind: Kind, section: Any, rest: list[str]) -> Mapping[str, Parameter | None]:
    if kind in HOMES:
        names = tuple(names_of(kind))
    else:
        names = tuple(component.full_name for component in installed().components(kind))
    use = {"use": Parameter("use", typing.Literal[names], "", Param())}
    name = section.get("use") if isinstance(section, dict) else None
    if name is None:
        return {} if rest else use
    get = find_extension if kind in HOMES else installed().get
    found = _below(get(kind, str(name)).section, rest, section)
    return found if rest else {**use, **found}


def _below(
    signature: Mapping[str, Parameter], rest: list[str], section: Any = None
) -> Mapping[str, Parameter | None]:
    """The keys under `rest` in a section with these parameters."""
    if not rest:
        return {name: None if _has_keys(each) else each for name, each in signature.items()}
    key, *rest = rest
    if key not in signature:
        return {}
    value = section.get(key) if isinstance(section, dict) else None
    part, depth = part_of(signature[key].type)
    if part is None:
        return _below(nested(signature[key]), rest, value) if _has_keys(signature[key]) else {}
    items = dict(enumerate(value)) if isinstance(value, list) else value
    if depth and isinstance(items, dict):
        if not rest:
            return dict.fromkeys(map(str, items))
        value, rest = {str(name): item for name, item in items.items()}.get(rest[0]), rest[1:]
    return _parameters(part.kind, value, rest)


def _has_keys(parameter: Parameter) -> bool:
    return bool(nested(parameter)) or part_of(parameter.type)[0] is not None


def _values(annotation: Any) -> list[str]:
    annotation, _ = unwrap(annotation, Param())
    if annotation is bool:
        return ["true", "false"]
    if typing.get_origin(annotation) is typing.Literal:
        return [str(choice) for choice in typing.get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return [word_of(member) for member in annotation]
    if is_union(annotation):
        return [value for member in typing.get_args(annotation) for value in _values(member)]
    return ["null"] if annotation is type(None) else []


def _split_by_bash() -> tuple[str, str] | None:
    """Bash takes `key=value` for three words, and completes the last one only."""
    if os.environ.get(COMPLETE) != "bash_complete":
        return None
    words = split_words(os.environ.get("COMP_WORDS", ""))[: int(os.environ.get("COMP_CWORD", 0)) + 1]
    if len(words) > 1 and words[-1] == "=":
        return words[-2], ""
    if len(words) > 2 and words[-2] == "=":
        return words[-3], words[-1]
    return None
