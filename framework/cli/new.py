"""`framework new plugin NAME`: write a plugin that works, to be changed into one's own."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template

import click

from framework import API, __version__
from framework.errors import UserError
from framework.plugins import discover

SUFFIX = ".tmpl"
_REQUIREMENTS = {
    "plugin": '"framework-core>=CORE", "gymnasium>=1.2"',
    "supervised": '"framework-core[data]>=CORE"',
}
_RESERVED = {"core", "framework", "test", "tests", "testing", "plugin", "plugins", "new"}


@click.group("new")
def command() -> None:
    """Create something new to start from."""


@command.command("plugin")
@click.argument("name")
@click.option(
    "--path",
    type=click.Path(path_type=Path),
    help="Directory to write; it must not be there yet.  [default: ./framework-NAME]",
)
@click.option("--supervised", is_flag=True, help="Learn from recorded data, rather than by interaction.")
def plugin(name: str, path: Path | None, supervised: bool) -> None:
    """Create a plugin with one component of each kind, a recipe and tests.

    NAME becomes the prefix of its components, as in NAME/point: lower-case letters,
    digits and underscores. As written, it learns to walk to a point; with --supervised,
    to classify.
    """
    check_name(name)
    target = path or Path(distribution(name))
    write_plugin(name, target, "supervised" if supervised else "plugin")
    click.echo(f"wrote {target}: a plugin that works, to be changed into yours\n")
    click.echo(f"  cd {target}")
    click.echo("  python -m pip install -e '.[test]'")
    click.echo(f"  framework run {name}")
    click.echo("  pytest")


def distribution(name: str) -> str:
    """The distribution of a plugin: `framework-my-paper` for `my_paper`."""
    return f"framework-{name.replace('_', '-')}"


def check_name(name: str) -> None:
    """Check that a plugin can have this name.

    Raises:
        UserError: it cannot; the message says why and, where there is one, a name near it.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        nearest = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_0123456789")
        raise UserError(
            f"{name!r} cannot name a plugin: use lower-case letters, digits and single underscores"
            + (f"\n  such as: {nearest}" if nearest else "")
        )
    if name in _RESERVED:
        raise UserError(f"{name!r} cannot name a plugin: the word is taken\n  such as: {name}_paper")
    for other, _ in discover():
        if other.name == name:
            raise UserError(
                f"the name {name!r} is taken by the installed {other.distribution} {other.version}"
            )


def write_plugin(name: str, target: Path, template: str = "plugin") -> None:
    """Write the plugin's files: all of them, or none.

    Args:
        name: a name that `check_name` accepts.
        target: the directory to make.
        template: which of `framework/templates`: "plugin" or "supervised".

    Raises:
        UserError: `target` exists or cannot be written.
    """
    if target.exists() or target.is_symlink():
        raise UserError(
            f"{target} is there already\n  another place: framework new plugin {name} --path DIRECTORY"
        )
    values = {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "distribution": distribution(name),
        "package": f"framework_{name}",
        "api": str(API),
        "requirements": _REQUIREMENTS[template].replace("CORE", ".".join(__version__.split(".")[:2])),
    }
    temporary = target.absolute().with_name(f".{target.name}-{os.getpid()}")
    try:
        temporary.mkdir()
    except OSError as error:
        raise UserError(f"cannot write {target}: {error.strerror}: {temporary.parent}") from None
    try:
        for relative, text in render(values, template):
            path = temporary / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        temporary.rename(target)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError):
            raise UserError(f"cannot write {target}: {error.strerror}") from None
        raise


def render(values: dict[str, str], template: str) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield the files of a plugin, relative path and text.

    `NAME` in a path and `$name` and the other `values` in a text are filled in.
    """
    templates = files("framework") / "templates"
    for root in (templates / "common", templates / template):
        for relative, file in _walk(root, PurePosixPath()):
            path = str(relative).removesuffix(SUFFIX).replace("NAME", values["name"])
            yield PurePosixPath(path), Template(file.read_text(encoding="utf-8")).substitute(values)


def _walk(folder: Traversable, at: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, at / entry.name)
        elif entry.name.endswith(SUFFIX):
            yield at / entry.name, entry
