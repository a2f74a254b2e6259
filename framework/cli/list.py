"""framework list: what the installed plugins offer, and which are broken."""

from __future__ import annotations

import click

from framework.cli import components
from framework.cli.arguments import as_json
from framework.component import KINDS, Kind


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
    if as_json:
        import json

        click.echo(json.dumps(components.as_dict(kind), indent=2))
    else:
        components.show(kind)
