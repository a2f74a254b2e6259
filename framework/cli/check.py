"""framework check: is this recipe right?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from framework.cli.arguments import as_json, overrides, recipe_file

if TYPE_CHECKING:
    from framework.recipe import Recipe


@click.command("check")
@recipe_file
@overrides
@as_json
def command(recipe: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Check RECIPE, with the values of KEY=VALUE, and list every problem in it.

    Nothing is built: names, types, bounds, stages and interpolations are checked.
    """
    from framework.recipe import RecipeError, load

    if not as_json:
        click.echo(_summary(load(recipe, overrides)))
        return

    import json

    checked: Recipe | None = None
    problems = []
    try:
        checked = load(recipe, overrides)
    except RecipeError as error:
        problems = [problem.to_dict() for problem in error.problems]
    resolved = checked.resolved() if checked else None
    click.echo(json.dumps({"ok": not problems, "problems": problems, "recipe": resolved}, indent=2))
    if problems:
        raise click.exceptions.Exit(2)


def _summary(recipe: Recipe) -> str:
    lines = [f"{recipe.path}: OK"]
    for stage in recipe.stages.values():
        used = [stage.environment, stage.model, stage.algorithm, *stage.evaluators]
        names = ", ".join(use.name for use in used if use)
        lines.append(f"  {stage.name}: {names}" if recipe.staged else f"  {names}")
    return "\n".join(lines)
