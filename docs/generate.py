"""Make what is made from code in docs, so that it can be read in a checkout, too.

    python docs/generate.py

Two pages are made whole: commands from click, components from the registry. Every other page, of
whose names mkdocs shows the docstrings, begins with a table of them. The pages of the plugins have tables
of where the papers' sections and equations are (docs/papers.py). A test compares.
"""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from framework.cli.group import group
from framework.component import KINDS, Component
from framework.needs import definition, module_tree, source_of
from framework.reference import SECTIONS, describe, describe_component
from framework.registry import installed

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
_TABLE = re.compile(r"<!-- docs/generate.py -->\n.*?<!-- end -->\n", re.DOTALL)


def pages() -> dict[Path, str]:
    """The text that every page in docs/reference and docs/plugins should have."""
    made = {REFERENCE / "commands.md": commands(), REFERENCE / "components.md": components()}
    for path in sorted(REFERENCE.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if path not in made and "\n::: " in text:
            made[path] = with_table(text)
    in_order = runpy.run_path(str(ROOT / "docs" / "papers.py"))["page_of"]
    for path in sorted((ROOT / "docs" / "plugins").glob("*.md")):
        made[path] = in_order(path.stem, path.read_text(encoding="utf-8"))
    return made


def with_table(text: str) -> str:
    """A page with a table of what its `:::` lines show, below its title."""
    rows = [_row(name) for name in re.findall(r"^::: ([\w.]+)", text, re.MULTILINE)]
    table = "\n".join(["| name | what | source |", "|---|---|---|", *rows])
    title, rest = _TABLE.sub("", text).split("\n", 1)
    return f"{title}\n\n<!-- docs/generate.py -->\n{table}\n<!-- end -->\n\n{rest.lstrip()}"


def _row(name: str) -> str:
    module, member = (name, "") if source_of(name) else name.rsplit(".", 1)
    node = definition(module, member, whole=True) if member else module_tree(module)
    said = (ast.get_docstring(node) if node is not None else "") or ""
    path = source_of(module)
    assert path is not None, f"{name}: there is no module {module}"
    what = said.split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    file = module.replace(".", "/") + ("/__init__.py" if path.name == "__init__.py" else ".py")
    return f"| `{name}` | {what} | `{file}` |"


def commands() -> str:
    """The page of all commands, as `--help` shows them."""
    parts = ["# Command line\n\nMade from the commands themselves; the same as `framework COMMAND --help`.\n"]
    settings = {**group.context_settings, "terminal_width": 92}
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
    for plugin in installed().plugins:
        if not (plugin.builtin or (ROOT / "plugins" / plugin.name).is_dir()):
            continue
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


if __name__ == "__main__":
    for page, text in pages().items():
        page.write_text(text, encoding="utf-8")
