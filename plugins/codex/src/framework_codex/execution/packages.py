"""Finds the files of the packages that programs may import, and of those these depend on."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from framework.errors import UserError


def package_files(names: Iterable[str]) -> dict[str, Path]:
    """The module or folder of each package and its folder of shared libraries, by file name.

    Args:
        names: top-level import names, such as `numpy`; what they depend on comes along.

    Raises:
        UserError: a package is not installed, or is part of Python.
    """
    asked = tuple(names)
    files: dict[str, Path] = {}
    for name in asked:
        found = _place(name)
        if found is None:
            raise UserError(
                f"judge.packages: no package {name!r} is installed here\n"
                "  give the names programs import, such as numpy; what they depend on comes along"
            )
        files |= found
    for name in dependencies(asked):
        files |= _place(name) or {}
    return files


@cache
def dependencies(names: tuple[str, ...]) -> tuple[str, ...]:
    """Import names of what packages need to run, as their metadata say, extras left out.

    Args:
        names: top-level import names.
    """
    if not names:
        return ()
    provided = packages_distributions()
    by_distribution: dict[str, list[str]] = {}
    for module, distributions in provided.items():
        for distribution in distributions:
            by_distribution.setdefault(canonicalize_name(distribution), []).append(module)
    waiting = [canonicalize_name(one) for name in names for one in provided.get(name, ())]
    seen: set[str] = set()
    while waiting:
        distribution = waiting.pop()
        if distribution not in seen:
            seen.add(distribution)
            waiting += _required(distribution)
    modules = {module for one in seen for module in by_distribution.get(one, ())}
    return tuple(sorted(modules - set(names)))


def _required(distribution: str) -> Iterator[NormalizedName]:
    """Distributions that one asks for, on this machine."""
    try:
        lines = requires(distribution) or []
    except PackageNotFoundError:  # it is not installed, so nothing that was asked for needs it
        return
    for requirement in map(Requirement, lines):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def _place(name: str) -> Mapping[str, Path] | None:
    """Where a package lies, by file name; None if it is not installed, or is part of Python."""
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None or spec.origin in (None, "built-in", "frozen"):
        return None
    origin = Path(str(spec.origin))
    place = origin.parent if spec.submodule_search_locations else origin
    libraries = place.parent / f"{name}.libs"
    return {place.name: place} | ({libraries.name: libraries} if libraries.is_dir() else {})
