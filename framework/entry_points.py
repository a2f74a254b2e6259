"""The entry points of the group `framework`: which plugins are installed.

`importlib.metadata.entry_points` tells the same. To import it and to let it read what some hundred
distributions say of themselves takes as long as all else that `framework list` does, so that the folders
of metadata are looked into here; it is asked only where there are distributions anywhere else.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.machinery import PathFinder
from typing import Any

from framework.component import import_attribute

GROUP = "framework"


@dataclass(frozen=True)
class EntryPoint:
    """Where a plugin is, and the metadata of the distribution that brings it.

    Attributes:
        name: the plugin's name.
        value: `package.module`, or `package.module:attribute`.
        read: reads a file of the metadata, such as "direct_url.json"; None if there is no such file.
    """

    name: str
    value: str
    read: Callable[[str], str | None]

    @property
    def module(self) -> str:
        return self.value.partition(":")[0]

    def load(self) -> Any:
        """Import what it names."""
        return import_attribute(self.value) if ":" in self.value else importlib.import_module(self.value)

    def header(self, name: str) -> str:
        """What the metadata says of "Name" or "Version"; damaged metadata says nothing."""
        try:
            text = self.read("METADATA") or self.read("PKG-INFO") or ""
        except Exception:
            return ""
        found = re.search(rf"^{name}:[ \t]*(.+)", text, re.MULTILINE)
        return found[1].strip() if found else ""


def entry_points() -> list[EntryPoint]:
    """Those of all distributions on `sys.path`; of several with one name, the first counts."""
    finders = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]
    if all(map(_looks_into_folders, finders)) and all(map(_is_plain, sys.path)):
        return list(_in_folders(sys.path))
    from importlib.metadata import entry_points

    return [
        EntryPoint(entry.name, _without_extras(entry.value), entry.dist.read_text if entry.dist else _nothing)
        for entry in entry_points(group=GROUP)
    ]


def _looks_into_folders(finder: Any) -> bool:
    """Whether it is Python's own finder, or that of the backport, which takes its place."""
    kind = finder if isinstance(finder, type) else type(finder)
    return kind is PathFinder or kind.__module__ == "importlib_metadata"


def _is_plain(place: str) -> bool:
    """Whether it is a folder, or nothing: neither a zip file nor an egg."""
    return not place.lower().endswith(".egg") and (os.path.isdir(place or ".") or not os.path.exists(place))


def _in_folders(folders: list[str]) -> Iterator[EntryPoint]:
    seen = set()
    for folder in folders:
        for child in _children(folder):
            if not child.endswith((".dist-info", ".egg-info")):
                continue
            distribution = re.sub(r"[-_.]+", "-", child.rpartition(".")[0].partition("-")[0]).lower()
            if distribution not in seen:
                seen.add(distribution)
                read = _reader(os.path.join(folder, child))
                for name, value in _pairs(read("entry_points.txt") or ""):
                    yield EntryPoint(name, value, read)


def _children(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")
    except OSError:
        return []


def _reader(folder: str) -> Callable[[str], str | None]:
    def read(name: str) -> str | None:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                return file.read().decode(errors="replace")
        except OSError:
            return None

    return read


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Names and values of the group: lines `name = value`, below `[framework]`."""
    group = ""
    for line in map(str.strip, text.splitlines() if f"[{GROUP}]" in text else ()):
        if line.startswith("[") and line.endswith("]"):
            group = line.strip("[]")
        elif line and not line.startswith("#") and group == GROUP:
            name, _, value = line.partition("=")
            yield name.strip(), _without_extras(value)


def _without_extras(value: str) -> str:
    return value.partition("[")[0].strip()


def _nothing(name: str) -> None:
    return None
