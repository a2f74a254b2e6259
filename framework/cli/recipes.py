"""framework recipes: what `framework run` takes by name."""

from __future__ import annotations

import shutil
import textwrap
from itertools import groupby

import click

from framework.cli.arguments import as_json


@click.command("recipes")
@as_json
def command(as_json: bool) -> None:
    """List the recipes that have a name here: the working directory's, the plugins' and the core's.

    `framework run NAME` runs one; `extends: NAME` in a recipe of yours starts from it.
    """
    from framework.recipe.named import FOLDER, recipes

    found = recipes()
    if as_json:
        import json

        rows = [
            {"name": each.name, "path": str(each.path), "plugin": each.plugin or None, "doc": each.doc}
            for each in found
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    column = max((len(each.name) for each in found), default=0)
    room = max(40, shutil.get_terminal_size().columns - column - 4)
    for plugin, group in groupby(found, key=lambda each: each.plugin):
        click.echo(plugin or f"{FOLDER}/")
        for each in group:
            doc = textwrap.shorten(each.doc, room, placeholder=" ...")
            click.echo(f"  {each.name:<{column}}  {doc}".rstrip())
