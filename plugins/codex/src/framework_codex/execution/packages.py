"""Finds the files of the packages that programs may import."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from pathlib import Path

from framework.errors import UserError


def package_files(names: Iterable[str]) -> dict[str, Path]:
    """The module or folder of each package and its folder of shared libraries, by file name.

    Args:
        names: top-level import names, such as `numpy`.

    Raises:
        UserError: a package is not installed, or is part of Python.
    """
    files: dict[str, Path] = {}
    for name in names:
        spec = importlib.util.find_spec(name) if name.isidentifier() else None
        if spec is None or spec.origin in (None, "built-in", "frozen"):
            raise UserError(
                f"judge.packages: no package {name!r} is installed here\n"
                "  give the names programs import, such as numpy, and those of what they import in turn"
            )
        origin = Path(str(spec.origin))
        place = origin.parent if spec.submodule_search_locations else origin
        files[place.name] = place
        libraries = place.parent / f"{name}.libs"
        if libraries.is_dir():
            files[libraries.name] = libraries
    return files
