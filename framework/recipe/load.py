"""Load a recipe: read, merge, resolve, check."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from framework.recipe import check
from framework.recipe.compose import compose, read_file
from framework.recipe.model import Recipe, Stage
from framework.recipe.problems import Findings, RecipeError
from framework.recipe.stages import MAIN, split
from framework.registry import Registry, installed


def load(
    path: str | os.PathLike[str], overrides: Sequence[str] = (), registry: Registry | None = None
) -> Recipe:
    """Read and check a recipe file.

    Args:
        path: the file.
        overrides: `"algorithm.k=0"`, applied in order over the file and what it extends.
        registry: the components it may name; by default those installed.

    Raises:
        RecipeError: it cannot be read, or is wrong; the message lists every problem with
            its file, line and column.
    """
    path = Path(path)
    return _load(read_file(path), str(path), path, path.stem, overrides, registry)


def load_text(
    text: str, name: str = "recipe", overrides: Sequence[str] = (), registry: Registry | None = None
) -> Recipe:
    """Check a recipe given as text, such as the resolved recipe of a run.

    `extends` in it is relative to the working directory. Otherwise like `load`.
    """
    return _load(text, name, None, name, overrides, registry)


def _load(
    text: str, source: str, path: Path | None, name: str, overrides: Sequence[str], registry: Registry | None
) -> Recipe:
    composed = compose(text, source, path, overrides)
    findings = Findings(composed.marks)
    whole, stages = split(composed, findings)
    tracking = check.check_recipe(whole)
    registry = registry or installed()
    settings = {MAIN: whole} if stages is None else stages
    checked: dict[str, Stage] = {}
    for stage, part in settings.items():
        checked[stage] = check.check_stage(stage, part, registry, checked, staged=stages is not None)
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
