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
@click.option("--resolved", is_flag=True, help="Print the whole recipe, as YAML.")
@as_json
def command(recipe: Path, overrides: tuple[str, ...], resolved: bool, as_json: bool) -> None:
    """Check RECIPE, with the values of KEY=VALUE, and list every problem in it.

    Nothing is built: names, types, bounds, stages and interpolations are checked. What --resolved
    prints is the same recipe with nothing inherited, interpolated or left to a default.
    """
    from framework.recipe import RecipeError, load

    if not as_json:
        loaded = load(recipe, overrides)
        click.echo(loaded.to_yaml() if resolved else _summary(loaded), nl=not resolved)
        return

    import json

    checked: Recipe | None = None
    problems = []
    try:
        checked = load(recipe, overrides)
    except RecipeError as error:
        problems = [problem.to_dict() for problem in error.problems]
    whole = checked.resolved() if checked else None
    click.echo(json.dumps({"ok": not problems, "problems": problems, "recipe": whole}, indent=2))
    if problems:
        raise click.exceptions.Exit(2)


def _summary(recipe: Recipe) -> str:
    lines = [f"{recipe.path}: OK"]
    for stage in recipe.stages.values():
        used = [stage.environment, stage.model, stage.algorithm, *stage.evaluators]
        names = ", ".join(use.name for use in used if use)
        lines.append(f"  {stage.name}: {names}" if recipe.staged else f"  {names}")
    return "\n".join(lines)
