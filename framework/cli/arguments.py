"""Arguments and options that several commands share."""

from __future__ import annotations

from collections import Counter
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


def complete_recipe(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of recipes, beside the files that the shell knows."""
    try:
        from framework.cli import suggest

        return suggest.recipe_names(incomplete)
    except Exception:
        return []


#: RECIPE: a file, or the name of a recipe. Whether it is there is for `framework.recipe.load` to say.
recipe_file = click.argument("recipe", type=click.Path(path_type=Path), shell_complete=complete_recipe)

#: OVERRIDES...: a tuple of `key=value`.
overrides = click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...", shell_complete=_complete_override)


def _complete_run(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from framework.runs import all_runs

    items = [CompletionItem("last", help="the newest")]
    runs = list(all_runs())
    names = Counter(run.state.name for run in runs)
    for run in runs:
        state = run.state
        items.append(CompletionItem(state.run_id[:8], help=f"{state.name}, {run.standing}"))
        if names[state.name] == 1:
            items.append(CompletionItem(state.name, help=f"{state.run_id[:8]}, {run.standing}"))
    return [item for item in items if item.value.startswith(incomplete)]


#: RUN: a run, by id, name, the beginning of either, folder, or `last`.
run_name = click.argument("run", metavar="RUN", shell_complete=_complete_run)

#: [RUN]: the same, or none.
maybe_run = click.argument("run", metavar="[RUN]", required=False, shell_complete=_complete_run)

#: RUN...: several.
run_names = click.argument("runs", metavar="RUN...", nargs=-1, shell_complete=_complete_run)

#: --json: print the answer for a program to read.
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
