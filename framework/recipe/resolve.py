"""A merged recipe -> the plain settings of its stages: every `${...}` resolved, by OmegaConf."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import (
    InterpolationKeyError,
    InterpolationToMissingValueError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    UnsupportedInterpolationType,
)

from framework.errors import did_you_mean
from framework.recipe import variables
from framework.recipe.checkpoint import CheckpointRef
from framework.recipe.compose import Layers, check_growth, merge
from framework.recipe.problems import INVALID, Findings, KeyPath, Marks, RecipeError, refuse
from framework.recipe.words import name_of
from framework.recipe.yaml import MAX_DEPTH, MAX_ENTRIES

#: The sections a stage has; the others belong to the whole recipe.
STAGE_KEYS = ("seed", "environment", "model", "algorithm", "evaluators", "trainer")
#: The stage of a recipe without `stages:`.
MAIN = "main"
_STAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_CHECKPOINT = re.compile(r"[\w./@:-]([\w ./@:-]*[\w./@:-])?")
_LOOPS = ("Recursive interpolation", "Interpolation to parent node")
_RESOLVERS = (
    "checkpoint",
    "output",
    "oc.env",
    "oc.decode",
    "oc.create",
    "oc.select",
    "oc.deprecated",
    "oc.dict.keys",
    "oc.dict.values",
)


@dataclass(frozen=True)
class Settings:
    """Plain values without interpolations, and where they are written."""

    data: dict[str | int, Any]
    findings: Findings


def split(layers: Layers, findings: Findings) -> tuple[Settings, dict[str, Settings] | None]:
    """Resolve every interpolation, stage by stage.

    Each stage is its own block merged over the sections at the top, and `${...}` in it
    means the values of that stage.

    Returns:
        The settings of the whole recipe, and those of each stage, or None for a recipe
        without stages.
    """
    top = {"seed": 0, **layers.data}  # ${seed} has a meaning in every recipe
    top.pop("stages", None)
    stages = layers.data.get("stages")
    if stages is None:
        return Settings(_prepare(top, findings).mapping(top), findings), None
    blocks = _blocks(stages, findings)
    settings: dict[str, Settings] = {}
    for name, block in blocks.items():
        marks = Marks({**layers.marks, **layers.marks.below(("stages", name))})
        found = Findings(marks, findings.problems)
        merged = merge({key: top[key] for key in STAGE_KEYS if key in top}, block)
        resolver = _prepare({**top, **merged, "stages": stages}, found)
        resolver.earlier, resolver.stages = frozenset(settings), frozenset(blocks)
        settings[name] = Settings(resolver.mapping(merged), found)
    whole = _prepare({**top, "stages": stages}, findings).mapping(key for key in top if key not in STAGE_KEYS)
    return Settings(whole, findings), settings


def _blocks(stages: Any, findings: Findings) -> dict[str, dict[str | int, Any]]:
    path: KeyPath = ("stages",)
    if not isinstance(stages, dict) or not stages:
        shown = "empty" if stages in ({}, []) else name_of(stages)
        findings.add(path, f"'stages' is {shown}", "expected a mapping of stage names to their sections")
        return {}
    blocks = {}
    for name, block in stages.items():
        if not isinstance(name, str) or not _STAGE_NAME.fullmatch(name):
            findings.add(
                (*path, name),
                f"the stage name {str(name)!r} cannot be used",
                "stage names are made of letters, digits, '_' and '-'",
                key=True,
            )
        elif not isinstance(block, dict):
            findings.add(
                (*path, name),
                f"the stage {name!r} is {name_of(block)}",
                "expected a mapping of sections; {} for a stage that changes nothing",
            )
        else:
            blocks[name] = block
    return blocks


def _prepare(data: dict[str | int, Any], findings: Findings) -> _Resolver:
    """Return the resolver of a recipe or stage.

    Raises:
        RecipeError: the texts would grow without end, or OmegaConf cannot hold the data.
    """
    if not check_growth(data, findings):
        raise RecipeError(findings.problems)
    try:
        return _Resolver(OmegaConf.create(data), findings)
    except OmegaConfBaseException as error:  # the layers do not fit together: 1 and '1' as keys
        said = str(error).split("\n")[0]
        raise refuse(findings.marks.place(()), f"the sections cannot be merged: {said}") from None


@dataclass
class _Resolver:
    """Walks a configuration; a value that cannot be resolved is reported and `INVALID`."""

    config: DictConfig
    findings: Findings
    earlier: frozenset[str] = frozenset()
    stages: frozenset[str] = frozenset()
    entries: int = 0

    def mapping(self, wanted: Iterable[str | int]) -> dict[str | int, Any]:
        """Return the values of some keys, without interpolations."""
        return {key: self._child(self.config, key, (key,)) for key in wanted}

    def _child(self, node: Any, key: Any, path: KeyPath) -> Any:
        self.entries += 1
        if self.entries > MAX_ENTRIES or len(path) > MAX_DEPTH:
            raise refuse(self.findings.marks.place(path), "the interpolations repeat each other without end")
        with variables.watched() as reading:
            try:
                value = node[key]
            except Exception as error:  # oc.decode runs a parser, users add resolvers of their own
                known = list(_dotted(OmegaConf.to_container(self.config)))
                self.findings.add(path, *(variables.explain(reading) or _explain(error, known)))
                return INVALID
        if reading.names and not self._keep_reference(node, key, path, value, reading.names):
            return INVALID
        if isinstance(value, DictConfig):
            return {
                key: self._child(value, key, (*path, key))
                for key in typing.cast("Iterable[str | int]", value)
            }
        if isinstance(value, ListConfig):
            return [self._child(value, index, (*path, index)) for index in range(len(value))]
        if isinstance(value, _Named):
            return self._made(value, path)
        if isinstance(value, str) and _Named.TRACE in value:
            what = value.partition(_Named.TRACE)[2].partition("\0")[0]
            self.findings.add(path, f"${{{what}:...}} has to be the whole value")
            return INVALID
        return value

    def _keep_reference(self, node: Any, key: Any, path: KeyPath, value: Any, names: list[str]) -> bool:
        raw = typing.cast("Any", OmegaConf.to_container(node))[key]
        whole = OmegaConf.to_container(self.config)
        found = variables.reference(raw, path, whole, value, names)
        if found is None or isinstance(value, DictConfig):
            named = " and ".join(f"${{oc.env:{name}}}" for name in dict.fromkeys(names))
            what = "a mapping" if found else "a value that depends on other parts of the recipe"
            self.findings.add(path, f"{named} cannot make {what}", f"write {named} itself here")
            return False
        self.findings.references[path] = found
        return True

    def _made(self, named: _Named, path: KeyPath) -> Any:
        name = named.name
        if name in self.stages - self.earlier:
            before = ", ".join(sorted(self.earlier)) or "none"
            self.findings.add(path, f"the stage {name!r} is not finished here", f"earlier stages: {before}")
            return INVALID
        return CheckpointRef(name, stage=name in self.earlier, what=named.what)


class _Named:
    """What `${checkpoint:name}` resolves to; inside a longer text it leaves a trace."""

    TRACE = "\0made:"

    def __init__(self, what: Literal["checkpoint", "output"], *names: Any) -> None:
        if (
            len(names) != 1
            or not isinstance(names[0], (str, int))
            or not _CHECKPOINT.fullmatch(str(names[0]))
        ):
            raise ValueError(f"write ${{{what}:STAGE}} or ${{{what}:RUN}}, quoted if it is no plain name")
        self.name = str(names[0])
        self.what = what

    def __str__(self) -> str:
        return f"{self.TRACE}{self.what}\0"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and (other.what, other.name) == (self.what, self.name)

    __hash__ = None  # type: ignore[assignment]


# OmegaConf 2.4 renamed the function.
_register = (
    OmegaConf.register_resolver
    if hasattr(OmegaConf, "register_resolver")
    else OmegaConf.register_new_resolver
)
_register("oc.env", variables.env, replace=True)
_register("checkpoint", lambda *names: _Named("checkpoint", *names), replace=True)
_register("output", lambda *names: _Named("output", *names), replace=True)


def _explain(error: Exception, known: list[str]) -> list[str]:
    """One line for what happened, then hints."""
    said = str(error).split("\n")[0]
    quoted = said.split("'")[1] if said.count("'") >= 2 else ""
    if isinstance(error, InterpolationToMissingValueError):
        return ["the interpolation leads to a missing value (???)"]
    if isinstance(error, MissingMandatoryValue):
        return ["the value is missing (???)", "give it in a recipe that extends this one, or as an override"]
    if isinstance(error, InterpolationKeyError):
        return [
            f"the interpolation names {quoted!r}, which is not in the recipe",
            did_you_mean(quoted, known),
        ]
    if isinstance(error, UnsupportedInterpolationType):
        kind = said.rsplit(" ", 1)[-1]
        return [
            f"unknown interpolation '{kind}:'",
            did_you_mean(kind, _RESOLVERS) or f"known: {', '.join(_RESOLVERS)}",
        ]
    if "Environment variable" in said:
        return [
            f"the environment variable {quoted!r} is not set",
            f"set it, or give a default: ${{oc.env:{quoted},default}}",
        ]
    if isinstance(error, RecursionError) or any(text in said for text in _LOOPS):
        return ["the interpolation leads back to itself"]
    reason = said.partition(" raised while resolving interpolation: ")[2] or said
    return [f"the interpolation fails: {reason}"]


def _dotted(data: Any, above: str = "") -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield f"{above}{key}"
            yield from _dotted(value, f"{above}{key}.")
