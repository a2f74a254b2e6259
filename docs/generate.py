"""The reference pages that are made from code: commands from click, components from the registry.

mkdocs calls `on_files`; the tests call the functions below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from framework.cli.main import group
from framework.component import KINDS, Component
from framework.reference import SECTIONS, describe, describe_component
from framework.registry import installed

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    from mkdocs.structure.files import File

    for path, text in (("reference/commands.md", commands()), ("reference/components.md", components())):
        files.append(File.generated(config, path, content=text))
    return files


def commands() -> str:
    """The page of all commands, as `--help` shows them."""
    parts = ["# Command line\n\nMade from the commands themselves; the same as `framework COMMAND --help`.\n"]
    settings = {**group.context_settings, "max_content_width": 92}
    for path, command, context in walk(group, click.Context(group, info_name="framework", **settings)):
        level = "#" * min(2 + len(path), 4)
        title = " ".join(("framework", *path))
        parts.append(f"{level} {title}\n\n```text\n{command.get_help(context)}\n```\n")
    return "\n".join(parts)


def walk(
    command: click.Command, context: click.Context, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command, click.Context]]:
    """Yield a command and all those below it, with the words that reach them."""
    yield path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from walk(child, click.Context(child, parent=context, info_name=name), (*path, name))


def components() -> str:
    """The page of the components of the plugins kept in this repository."""
    intro = "What the plugins offer and the parameters a recipe may give; the same as `framework info NAME`."
    parts = [f"# Components\n\n{intro}\n"]
    registry = installed()
    for plugin in registry.plugins:
        parts.append(f"## {plugin.name}\n\n`pip install {plugin.distribution}`\n")
        for kind in KINDS:
            parts += [component_section(c) for c in plugin.components if c.kind == kind]
    parts.append(f"## The recipe's own sections\n\n{sections()}")
    return "\n".join(parts)


def component_section(component: Component) -> str:
    """One component: what it is, where from, and a table of its parameters."""
    lines = [f"### {component.full_name}\n", f"*{component.kind.capitalize()}.* {component.doc}."]
    if component.source:
        lines.append(f"Source: {component.source}.")
    return "\n".join([*lines, "", table(describe_component(component)["parameters"])])


def sections() -> str:
    """The parameters of the recipe's own sections, for the page on recipes."""
    parts = []
    for name in SECTIONS:
        (described,) = describe(name)
        parts.append(f"### {name}\n\n{described['doc']}\n\n{table(described['parameters'])}")
    return "\n".join(parts)


def table(parameters: list[dict[str, Any]]) -> str:
    """A table of parameters as `framework.reference` describes them, nested ones dotted."""
    rows = ["| parameter | type | default | meaning |", "|---|---|---|---|", *_rows(parameters)]
    return "\n".join(rows) + "\n" if parameters else ""


def _rows(parameters: list[dict[str, Any]], prefix: str = "") -> Iterator[str]:
    for each in parameters:
        name = f"{prefix}{each['name']}"
        notes = "; ".join(note for note in (each["unit"], each["bounds"]) if note)
        meaning = each["doc"] + (f" ({notes})" if notes else "")
        meaning = meaning.replace("|", "\\|")
        yield f"| `{name}` | `{each['type']}` | `{each['shown']}` | {meaning} |"
        yield from _rows(each["parameters"], f"{name}.")
