"""framework info: a component, or a section of the recipe, with all its parameters."""

from __future__ import annotations

import shutil
import textwrap
from itertools import groupby, zip_longest
from typing import Any

import click
from click.shell_completion import CompletionItem

from framework.cli.arguments import as_json
from framework.cli.columns import columns


def _complete_name(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from framework.cli import suggest

    return suggest.components(incomplete)


@click.command("info")
@click.argument("name", shell_complete=_complete_name)
@as_json
def command(name: str, as_json: bool) -> None:
    """Show the component NAME and its parameters.

    NAME is plugin/name, one of the recipe's own sections (trainer, tracking), or a plugin.
    """
    from framework.reference import describe

    described = describe(name)
    if as_json:
        import json

        click.echo(json.dumps(described, indent=2))
        return
    width = max(60, min(shutil.get_terminal_size().columns, 120))
    show = {"plugin": _plugin_to_text}
    click.echo("\n\n".join(show.get(entry["kind"], _to_text)(entry, width) for entry in described))


def _plugin_to_text(entry: dict[str, Any], width: int) -> str:
    names = ", ".join(entry["public"])
    texts = [
        entry["doc"],
        f"broken: {entry['error']}" if entry["error"] else "",
        *(f"warning: {warning}" for warning in entry["warnings"]),
        f"builds on {', '.join(entry['builds_on'])}" if entry["builds_on"] else "",
        f"from {entry['module']} import {names}" if names else "offers no names to other plugins",
    ]
    lines = [f"{entry['name']}: plugin, {entry['distribution']} {entry['version']}"]
    for text in filter(None, texts):
        lines += textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    recipes = [{**recipe, "kind": "recipe"} for recipe in entry["recipes"]]
    listed = [*entry["components"], *recipes]
    rows = columns((each["name"], each["doc"]) for each in listed)
    for kind, group in groupby(zip(listed, rows, strict=True), key=lambda pair: pair[0]["kind"]):
        lines += ["", f"{kind}s", *(row for _, row in group)]
    return "\n".join(lines)


def _to_text(entry: dict[str, Any], width: int) -> str:
    by = f"{entry['distribution']} {entry['version']}".strip()
    lines = [f"{entry['name']}: {entry['kind']}" + (f" of {by}" if by else "")]
    produces = "produces data, in a stage of its own" if entry.get("produces") else ""
    source = f"source: {entry['source']}" if entry["source"] else ""
    of_all = "all of it may change on resume" if entry["kind"] == "evaluator" else ""
    for text in (entry["doc"], produces, source, of_all):
        lines += textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="  ")
    rows = list(_rows(entry["parameters"], mark=not of_all))
    if not rows:
        return "\n".join([*lines, "", "it takes no parameters"])
    return "\n".join([*lines, "", *_table([("parameter", "type", "default", "meaning"), *rows], width)])


def _rows(
    parameters: list[dict[str, Any]], above: str = "", *, mark: bool
) -> list[tuple[str, str, str, str]]:
    rows = []
    for parameter in parameters:
        name = f"{above}{parameter['name']}"
        free = "may change on resume" if mark and parameter["may_change"] else ""
        aside = ", ".join(part for part in (parameter["unit"], parameter["bounds"], free) if part)
        meaning = parameter["doc"] + (f" ({aside})" if aside else "")
        rows.append((name, parameter["type"], parameter["shown"], meaning.strip()))
        rows += _rows(parameter["parameters"], f"{name}.", mark=mark)
    return rows


_MEANING = 24  # the least width of the last column


def _table(rows: list[tuple[str, str, str, str]], width: int) -> list[str]:
    """Align four columns; the last takes what is left, or lines of its own below where that is little."""
    widths = [min(max(len(row[i]) for row in rows), limit) for i, limit in enumerate((28, 24, 18))]
    gaps = 2 * len(widths)
    for narrowed in (1, 2):
        missing = sum(widths) + gaps + _MEANING - width
        widths[narrowed] -= max(0, min(missing, widths[narrowed] - 10))
    if sum(widths) + gaps + _MEANING > width:
        return [line for row in rows[1:] for line in _below(row, width)]
    widths.append(width - sum(widths) - gaps)
    lines: list[str] = []
    for row in rows:
        cells = [textwrap.wrap(cell, w) or [""] for cell, w in zip(row, widths, strict=True)]
        lines += [
            "  ".join(part.ljust(w) for part, w in zip(parts, widths, strict=True)).rstrip()
            for parts in zip_longest(*cells, fillvalue="")
        ]
    return lines


def _below(row: tuple[str, str, str, str], width: int) -> list[str]:
    """A parameter on a narrow terminal: its name, type and default, and below them what it means."""
    name, kind, default, meaning = row
    head = f"{name}: {kind}, {default}" if default == "required" else f"{name}: {kind} = {default}"
    wrapped = textwrap.wrap(head, width, subsequent_indent="    ")
    return wrapped + textwrap.wrap(meaning, width, initial_indent="  ", subsequent_indent="  ")
