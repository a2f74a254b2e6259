"""Recipes by name: those in `recipes/` of the working directory, and those that plugins bring along.

A plugin's recipes lie in its package, in `recipes/`. While it is installed to be edited, they may lie
beside its pyproject.toml, or in a folder above that several plugins share, each file named after its own.
The core brings its own so: in its package, or in a checkout those that are named after no plugin.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import urlsplit
from urllib.request import url2pathname

from framework import __version__
from framework.entry_points import EntryPoint
from framework.errors import did_you_mean
from framework.needs import source_of
from framework.plugins import Plugin, discover
from framework.recipe.problems import Place, refuse

FOLDER = "recipes"
SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Named:
    """A recipe that has a name.

    Attributes:
        name: `her` of plugin her's own, `her/reach` of its others, or the file's in the working directory.
        path: the file.
        plugin: who brings it, `her (framework-her 0.1)` or `framework-core 0.1`; "" in the working directory.
        others: names that mean it as well: its file's, `her_reach`.
    """

    name: str
    path: Path
    plugin: str = ""
    others: tuple[str, ...] = ()

    @property
    def doc(self) -> str:
        """The first sentence of the comment it begins with, or ""."""
        words: list[str] = []
        with contextlib.suppress(OSError), self.path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not line.startswith("#"):
                    break
                words.append(line.lstrip("#").strip())
                if words[-1].endswith((".", ":")):
                    break
        return " ".join(words).rstrip(".:")


def recipes() -> list[Named]:
    """Every recipe that has a name here; one in the working directory hides a plugin's of the same name."""
    here, brought = _all()
    hidden = {named.name for named in here}
    return [*here, *(named for named in brought if named.name not in hidden)]


def brought_by(plugin: Plugin) -> list[Named]:
    """The recipes that a plugin brings, whatever is in the working directory."""
    return [named for named in _all()[1] if named.plugin == plugin.title]


def find_recipe(text: str, folder: Path = Path(), apart: Collection[Path] = ()) -> Path:
    """The file that is meant: `text` is its path, with or without the suffix, or its name.

    Args:
        text: as it was written.
        folder: what a path is relative to.
        apart: files that a name does not mean, resolved.

    Raises:
        RecipeError: several plugins have a recipe of this name, or there is none.
    """
    path = folder / text
    if not (text.strip("./") and text.isprintable() and len(text) < 200):
        return path
    if path.suffix in SUFFIXES or path.is_file():
        return path
    here, brought = _all()
    exact = [named for named in (*here, *brought) if named.name == text]
    alike = [named for named in here if text in named.others and named not in exact]
    shared = [named for named in brought if text in named.others and named not in exact]
    meant = [path.with_name(path.name + suffix) for suffix in SUFFIXES]
    meant = [*filter(Path.is_file, meant), *(named.path for named in (*exact, *alike))]
    meant = [each for each in meant if each.resolve() not in apart]
    if not meant and len(shared) > 1:
        which = " or ".join(named.name for named in shared)
        raise refuse(Place(text), f"several plugins bring a recipe of this name: {which}")
    if found := meant or [named.path for named in shared]:
        return found[0]
    if path.is_dir() or path.parent.is_file():
        return path
    nearest = did_you_mean(text, names([*here, *brought]))
    raise refuse(Place(text), "no such file, and no recipe of this name", nearest or "see: framework recipes")


def names(named: list[Named]) -> list[str]:
    """All that recipes are called."""
    return [name for each in named for name in (each.name, *each.others)]


def _all() -> tuple[list[Named], list[Named]]:
    """Those of the working directory, and those of the plugins."""
    found = list(discover())
    owners = [plugin.name for plugin, _ in found]
    brought = [named for plugin, entry in found for named in _brought(plugin.name, plugin.title, entry)]
    brought += _of_the_core()
    here = [_local(path, owners) for path in _files(Path(FOLDER))]
    return sorted(here, key=lambda named: named.name), sorted(brought, key=lambda named: named.name)


def _local(path: Path, plugins: list[str]) -> Named:
    relative = path.relative_to(FOLDER).with_suffix("")
    owner = next((plugin for plugin in plugins if _is_of(path, plugin)), "")
    return Named(_short(relative, owner) if owner else relative.as_posix(), path, "", (relative.as_posix(),))


def _of_the_core() -> Iterator[Named]:
    package = Path(__file__).parents[1]
    shelf, plugins = package / FOLDER, []
    if not shelf.is_dir():  # a checkout, whose plugins' recipes lie beside the core's
        plugins = [path.parent.name for path in package.parent.glob("plugins/*/pyproject.toml")]
        shelf = package.parent / FOLDER
    for path in _files(shelf):
        if not any(_is_of(path, plugin) for plugin in plugins):
            name = path.relative_to(shelf).with_suffix("").as_posix()
            yield Named(name, path, f"framework-core {__version__}")


def _brought(plugin: str, title: str, entry: EntryPoint) -> Iterator[Named]:
    for folder, shared in _shelves(entry):
        for path in _files(folder):
            if shared and not _is_of(path, plugin):
                continue
            relative = path.relative_to(folder).with_suffix("")
            others = (relative.as_posix(), f"{plugin}/{relative.as_posix()}")
            yield Named(_short(relative, plugin), path, title, others)


def _shelves(entry: EntryPoint) -> Iterator[tuple[Path, bool]]:
    """The folder of a plugin's recipes, and whether it may be other plugins' too."""
    source = source_of(entry.module)
    if source is None or source.name != "__init__.py":
        return
    if (source.parent / FOLDER).is_dir():
        yield source.parent / FOLDER, False
    elif project := _edited(entry):
        above = (folder for folder in (project, *project.parents) if (folder / FOLDER).is_dir())
        if folder := next(above, None):
            yield folder / FOLDER, folder != project


def _edited(entry: EntryPoint) -> Path | None:
    """Where a plugin's project is, if it is installed to be edited (PEP 610)."""
    try:
        origin = json.loads(entry.read("direct_url.json") or "{}")
        editable = bool(origin.get("dir_info", {}).get("editable"))
        return Path(url2pathname(urlsplit(origin["url"]).path)) if editable else None
    except Exception:  # damaged metadata
        return None


def _is_of(path: Path, plugin: str) -> bool:
    return path.stem == plugin or path.stem.startswith(f"{plugin}_")


def _short(relative: PurePath, plugin: str) -> str:
    """`her` of her.yaml, `her/reach` of her_reach.yaml, `her/paper` of paper/her.yaml."""
    *above, last = relative.parts
    rest = [] if last == plugin else [last.removeprefix(f"{plugin}_")]
    return "/".join([plugin, *above, *rest])


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    except OSError:
        return []
