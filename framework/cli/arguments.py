"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _complete_override(
    ctx: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    try:
        from framework.cli import suggest

        return suggest.overrides(ctx, incomplete)
    except Exception:  # a broken recipe or plugin is no reason to disturb somebody who types
        return []


#: RECIPE: a path. Whether it is there is for `framework.recipe.load` to say.
recipe_file = click.argument("recipe", type=click.Path(path_type=Path))

#: OVERRIDES...: a tuple of `key=value`.
overrides = click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=_complete_override)

#: RUN: an MLflow run, by name or the beginning of its id.
run_name = click.argument("run", metavar="RUN")

#: --json: print the answer for a program to read.
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
