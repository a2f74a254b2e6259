"""framework recipes: what `framework run` takes by name."""

from __future__ import annotations

from itertools import groupby

import click

from framework.cli.arguments import as_json
from framework.cli.columns import columns


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
    lines = columns((each.name, each.doc) for each in found)
    for plugin, group in groupby(zip(found, lines, strict=True), key=lambda pair: pair[0].plugin):
        click.echo(plugin or f"{FOLDER}/")
        for _, line in group:
            click.echo(line)
