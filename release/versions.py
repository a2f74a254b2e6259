"""One version for all that is released from here: the core and the plugins.

    python -m release.versions          # which one it is; an error where they differ
    python -m release.versions v0.1.0   # and that it is the one of this tag
    python -m release.versions --set 0.2.0

A plugin asks for a core, and for plugins it builds on, of its own minor version: `~=0.1.0`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Place:
    """A line that says the version.

    Attributes:
        file: relative to the repository.
        pattern: finds it; the version, or the minor version's first one, is its second group.
        minor: whether it names the first version of the minor one.
    """

    file: str
    pattern: str
    minor: bool = False

    def wanted(self, version: str) -> str:
        """What is to be written here for a version."""
        return f"{version.rpartition('.')[0]}.0" if self.minor else version


def places(root: Path = ROOT) -> Iterator[Place]:
    """Every place where a version is written."""
    yield Place("framework/__init__.py", r'^(__version__ = ")([\d.]+)')
    own = r'^(version = ")([\d.]+)'
    yield Place("pyproject.toml", own)
    for path in sorted(root.glob("plugins/*/pyproject.toml")):
        file = path.relative_to(root).as_posix()
        yield Place(file, own)
        for needed in tomllib.loads(path.read_text(encoding="utf-8"))["project"]["dependencies"]:
            if name := re.match(r"framework-[\w-]+(\[.*\])?", needed):
                yield Place(file, rf'("{re.escape(name[0])}~=)([\d.]+)(?=")', minor=True)


def differing(version: str, root: Path = ROOT) -> list[str]:
    """What does not say this version, a line each."""
    told = []
    for place in places(root):
        text = (root / place.file).read_text(encoding="utf-8")
        found = re.search(place.pattern, text, re.MULTILINE)
        if found is None or found[2] != place.wanted(version):
            said = f"{found[0]}, not {place.wanted(version)}" if found else f"nothing matches {place.pattern}"
            told.append(f"{place.file}: {said}")
    return told


def write(version: str, root: Path = ROOT) -> None:
    """Write a version everywhere."""
    for place in places(root):
        path = root / place.file
        text = path.read_text(encoding="utf-8")
        new = re.sub(place.pattern, rf"\g<1>{place.wanted(version)}", text, flags=re.MULTILINE)
        path.write_text(new, encoding="utf-8")


def current(root: Path = ROOT) -> str:
    """The core's version."""
    first = next(places(root))
    found = re.search(first.pattern, (root / first.file).read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    return found[2]


def main(arguments: list[str]) -> int:
    """Check, or write."""
    version = arguments[-1].removeprefix("v") if arguments else current()
    if not re.fullmatch(r"\d+\.\d+\.\d+", version) or arguments[:-1] not in ([], ["--set"]):
        print(f"error: {' '.join(arguments)!r} is not [--set] VERSION, such as 0.2.0", file=sys.stderr)
        return 2
    if "--set" in arguments:
        write(version)
    if told := differing(version):
        told.insert(0, "error: versions differ; python -m release.versions --set VERSION")
        print("\n".join(told), file=sys.stderr)
        return 2
    print(version)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
