"""Look into built wheels and source distributions: is all there, and nothing else?

    python -m release.wheels dist

It compares them with the repository: names, versions, licence, what they need, entry point, recipes.
"""

from __future__ import annotations

import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def projects(root: Path = ROOT) -> dict[str, Path]:
    """The folders of all that is released, by the name of its package."""
    plugins = {f"framework_{path.parent.name}": path.parent for path in root.glob("plugins/*/pyproject.toml")}
    return {"framework": root, **dict(sorted(plugins.items()))}


def wrong(dist: Path, root: Path = ROOT) -> list[str]:
    """What is wrong in a folder of built distributions, a line each."""
    told = []
    for package, folder in projects(root).items():
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        stem = f"{project['name'].replace('-', '_')}-{project['version']}"
        for name, look in ((f"{stem}-py3-none-any.whl", in_wheel), (f"{stem}.tar.gz", in_source)):
            if (dist / name).is_file():
                told += [f"{name}: {said}" for said in look(dist / name, package, project, folder, root)]
            else:
                told.append(f"{name}: not built")
    return told


def in_wheel(
    wheel: Path, package: str, project: dict[str, Any], folder: Path, root: Path = ROOT
) -> Iterator[str]:
    """What is wrong in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    info = next(name for name in files if name.endswith(".dist-info/METADATA")).removesuffix("METADATA")
    source = folder if package == "framework" else folder / "src"
    wanted = {f"{package}/py.typed": b""}
    wanted |= {path.relative_to(source).as_posix(): path.read_bytes() for path in _sources(source / package)}
    wanted |= {f"{package}/recipes/{name}": text for name, text in recipes(package, root).items()}
    carried = {name: text for name, text in files.items() if not name.startswith(info)}
    yield from (f"{name} is missing" for name in sorted(wanted.keys() - carried.keys()))
    yield from (f"{name} does not belong there" for name in sorted(carried.keys() - wanted.keys()))
    yield from (f"{name} is another" for name in wanted if carried.get(name, wanted[name]) != wanted[name])
    yield from _metadata(Parser().parsestr(files[f"{info}METADATA"].decode()), project, root)
    if files.get(f"{info}licenses/LICENSE") != (root / "LICENSE").read_bytes():
        yield "its licence is missing, or another"
    said = files.get(f"{info}entry_points.txt", b"").decode()
    offered = project.get("entry-points", {}).get("framework", {}) | project.get("scripts", {})
    yield from (
        f"the entry point {key} is missing" for key in offered if f"{key} = {offered[key]}" not in said
    )


def in_source(
    source: Path, package: str, project: dict[str, Any], folder: Path, root: Path = ROOT
) -> Iterator[str]:
    """What is wrong in a source distribution."""
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {"LICENSE", "README.md", "pyproject.toml", "hatch_build.py", "PKG-INFO"}
    wanted |= {path.relative_to(folder).as_posix() for path in _sources(folder / _home(package))}
    wanted |= {f"recipes/{name}" for name in recipes(package, root)}
    yield from (f"{name} is missing" for name in sorted(wanted - names))


def recipes(package: str, root: Path = ROOT) -> dict[str, bytes]:
    """The recipes that a package carries, by their paths: those named after the plugin, else after none."""
    shelf, plugins = root / "recipes", [name.removeprefix("framework_") for name in projects(root)][1:]
    found = {}
    for path in sorted(shelf.rglob("*.yaml")):
        owner = next((name for name in plugins if f"{path.stem}_".startswith(f"{name}_")), "")
        if package == (f"framework_{owner}" if owner else "framework"):
            found[path.relative_to(shelf).as_posix()] = path.read_bytes()
    return found


def _metadata(metadata: Message, project: dict[str, Any], root: Path) -> Iterator[str]:
    for header, key in (
        ("Name", "name"),
        ("Version", "version"),
        ("Summary", "description"),
        ("License-Expression", "license"),
        ("Requires-Python", "requires-python"),
    ):
        if metadata[header] != project[key]:
            yield f"its {header} is {metadata[header]!r}, not {project[key]!r}"
    if metadata["License-File"] != "LICENSE":
        yield "its metadata names no licence file"
    if not metadata["Description-Content-Type"] or not str(metadata.get_payload()).strip():
        yield "its metadata has no description"
    needed = [_plain(line) for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    if missing := [line for line in map(_plain, project["dependencies"]) if line not in needed]:
        yield f"it does not require {', '.join(missing)}"


def _plain(requirement: str) -> str:
    """A requirement in one spelling, of which builders make others."""
    read = Requirement(requirement)
    read.name = canonicalize_name(read.name)
    return str(read)


def _home(package: str) -> str:
    return package if package == "framework" else f"src/{package}"


def _sources(folder: Path) -> Iterator[Path]:
    """The files of a package, but not what Python makes of them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


if __name__ == "__main__":
    found = wrong(Path(sys.argv[1]))
    print("\n".join(found) or f"all of {', '.join(projects())} is there, and nothing else")
    sys.exit(bool(found))
