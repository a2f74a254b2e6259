"""Stages: a merged recipe -> the plain settings of each of its stages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from framework.recipe.compose import Layers, merge
from framework.recipe.interpolation import prepare
from framework.recipe.problems import Findings, KeyPath, Marks
from framework.recipe.words import name_of

#: The sections a stage has; the others belong to the whole recipe.
STAGE_KEYS = ("seed", "environment", "model", "algorithm", "evaluators", "trainer")
#: The stage of a recipe without `stages:`.
MAIN = "main"
_STAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


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
        return Settings(prepare(top, findings).mapping(top), findings), None
    blocks = _blocks(stages, findings)
    settings: dict[str, Settings] = {}
    for name, block in blocks.items():
        marks = Marks({**layers.marks, **layers.marks.below(("stages", name))})
        found = Findings(marks, findings.problems)
        merged = merge({key: top[key] for key in STAGE_KEYS if key in top}, block)
        resolver = prepare({**top, **merged, "stages": stages}, found)
        resolver.earlier, resolver.stages = frozenset(settings), frozenset(blocks)
        settings[name] = Settings(resolver.mapping(merged), found)
    whole = prepare({**top, "stages": stages}, findings).mapping(key for key in top if key not in STAGE_KEYS)
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
