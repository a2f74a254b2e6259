"""framework list: what the installed plugins offer, and which are broken."""

from __future__ import annotations

from itertools import groupby

import click

from framework.cli.arguments import as_json
from framework.cli.columns import columns
from framework.component import KINDS, Kind
from framework.registry import Registry, installed


class _KindType(click.Choice[str]):
    """One of the kinds, in the singular or the plural."""

    def __init__(self) -> None:
        super().__init__(KINDS)

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return super().convert(value.lower().removesuffix("s"), param, ctx)


@click.command("list")
@click.argument("kind", type=_KindType(), required=False)
@as_json
def command(kind: Kind | None, as_json: bool) -> None:
    """List the components of the installed plugins, all or of one kind."""
    registry = installed()
    if as_json:
        import json

        click.echo(json.dumps(_as_dict(registry, kind), indent=2))
        return
    kinds = (kind,) if kind else KINDS
    found = [component for each in kinds for component in registry.components(each)]
    lines = columns((component.full_name, component.doc) for component in found)
    for each, group in groupby(zip(found, lines, strict=True), key=lambda pair: pair[0].kind):
        click.echo(f"{each}s")
        for _, line in group:
            click.echo(line)
    if all(plugin.builtin for plugin in registry.plugins):
        click.echo("no plugins are installed, for example: pip install framework-her", err=True)
    elif not registry.components(kind):
        click.echo(f"no plugin registers any {kind or 'component'}", err=True)
    for plugin in registry.broken:
        click.echo(f"broken plugin {plugin.title}: {plugin.error}", err=True)
    for plugin in registry.plugins:
        for warning in plugin.warnings:
            click.echo(f"warning: plugin {plugin.title}: {warning}", err=True)


def _as_dict(registry: Registry, kind: Kind | None) -> dict[str, object]:
    return {
        "components": [
            {
                "name": component.full_name,
                "kind": component.kind,
                "doc": component.doc,
                "source": component.source,
                "plugin": component.plugin,
                "distribution": component.distribution,
            }
            for component in registry.components(kind)
        ],
        "plugins": [
            {
                "name": plugin.name,
                "distribution": plugin.distribution,
                "version": plugin.version,
                "components": len(plugin.components),
                "error": plugin.error or None,
                "trace": plugin.trace or None,
                "warnings": plugin.warnings,
            }
            for plugin in registry.plugins
        ],
    }
