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


def _complete_run(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from framework.runs import all_runs

    items = [CompletionItem("last", help="the newest")]
    for run in all_runs():
        state = run.state
        items.append(CompletionItem(state.run_id[:8], help=f"{state.name}, {state.status.lower()}"))
        items.append(CompletionItem(state.name, help=f"newest of that name: {state.run_id[:8]}"))
    seen = {item.value: item for item in reversed(items) if item.value.startswith(incomplete)}
    return list(reversed(seen.values()))


#: RUN: a run, by id, the beginning of its id, name, folder, or `last`.
run_name = click.argument("run", metavar="RUN", shell_complete=_complete_run)

#: --json: print the answer for a program to read.
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
